/** That the built-in model has answered, and how to have a better one. */
import { Link } from "@tanstack/react-router";
import styles from "./Message.module.css";

export const OfflineNote = () => (
  <p className={styles.note}>
    Answered by the built-in model, which follows rules and is no language model.{" "}
    <Link to="/settings">Add a key</Link> for one.
  </p>
);
