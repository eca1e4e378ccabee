/** Says what to do on a machine that has nowhere to keep secrets. */
import styles from "./Form.module.css";

export const NoKeyring = () => (
  <p role="note" className={styles.note}>
    This machine has no keyring, so there is nowhere to keep secrets. Start the server with{" "}
    <code>--secrets file</code> to keep them in an encrypted file, and come back.
  </p>
);
