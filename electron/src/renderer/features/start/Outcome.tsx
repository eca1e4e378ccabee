/** What came of a try. */
import { CircleCheck } from "lucide-react";
import { seconds } from "@/components/format";
import styles from "./StartView.module.css";
import type { Trying } from "./trying";

export const Outcome = ({ state }: { state: Trying }) => (
  <>
    <div role="status">
      {state.is === "ready" && (
        <p className={styles.ready}>
          <CircleCheck aria-hidden />
          {state.model} has answered in {seconds(state.milliseconds / 1000)}. It is set up.
        </p>
      )}
    </div>
    {state.faults.form && (
      <p role="alert" className={styles.fault}>
        {state.faults.form}
      </p>
    )}
  </>
);
