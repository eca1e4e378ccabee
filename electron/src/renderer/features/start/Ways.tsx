/** The three ways to a model. */
import { Cpu, KeyRound, Server } from "lucide-react";
import styles from "./StartView.module.css";

export type Way = "anthropic" | "server" | "offline";

const WAYS = [
  { way: "anthropic", icon: <KeyRound />, name: "Anthropic", note: "With your API key" },
  { way: "server", icon: <Server />, name: "Another server", note: "Yours, or compatible" },
  { way: "offline", icon: <Cpu />, name: "No language model", note: "The built-in one, offline" },
] as const;

export function Ways({ chosen, onChoose }: { chosen: Way; onChoose: (way: Way) => void }) {
  return (
    <fieldset className={styles.ways}>
      <legend className="visually-hidden">Model</legend>
      {WAYS.map(({ way, icon, name, note }) => (
        <label key={way} className={styles.way}>
          <input
            type="radio"
            name="way"
            className="visually-hidden"
            checked={way === chosen}
            onChange={() => onChoose(way)}
          />
          <span className={styles.wayIcon} aria-hidden>
            {icon}
          </span>
          <span>
            <span className={styles.wayName}>{name}</span>
            <span className={styles.wayNote}>{note}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
