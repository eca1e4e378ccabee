/** A calm tile with the first letters of a service. */
import { classes } from "@/components/classes";
import styles from "./Monogram.module.css";

export function Monogram({ id, name }: { id: string; name: string }) {
  return (
    <span className={classes(styles.tile, styles[colourOf(id)])} aria-hidden>
      {lettersOf(name)}
    </span>
  );
}

function lettersOf(name: string): string {
  const [first = "", second] = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  return second ? first.charAt(0) + second.charAt(0).toUpperCase() : first.slice(0, 2);
}

const COLOURS = ["first", "second", "third", "fourth", "fifth", "sixth"] as const;

/** Always the same one for a service. */
function colourOf(id: string) {
  const sum = Array.from(id).reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return COLOURS[sum % COLOURS.length] ?? "first";
}
