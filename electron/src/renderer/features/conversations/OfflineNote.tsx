/** That the built-in model has answered, and how to have a better one. */
import { Link } from "@tanstack/react-router";
import styles from "./Message.module.css";

export const OfflineNote = () => (
  <p className={styles.note}>
    Answered by the built-in model. <Link to="/settings">Add a key</Link> for a language model.
  </p>
);
