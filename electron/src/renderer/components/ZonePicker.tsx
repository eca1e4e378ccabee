/** Chooses a time zone: found by its city, its continent or how far it is from UTC. */
import { useMemo } from "react";
import { Combobox } from "./Combobox";
import { useNow } from "./Time";
import { foundZones, isZone, offsetOf, zoneLabel } from "./zones";

interface ZonePickerProps {
  label: string;
  value: string;
  onChange: (zone: string) => void;
  hint?: string;
  error?: string | undefined;
}

export function ZonePicker({ value, onChange, ...around }: ZonePickerProps) {
  const now = useNow();
  const find = useMemo(
    () => (words: string) => {
      const found = foundZones(words, now);
      // A name that browsers take but do not list, as an old one.
      const zones = found.length === 0 && isZone(words.trim()) ? [words.trim()] : found;
      return zones.map((zone) => ({ value: zone, label: zoneLabel(zone), hint: offsetOf(zone, now) }));
    },
    [now],
  );
  return (
    <Combobox
      {...around}
      value={value}
      text={zoneLabel(value)}
      note={offsetOf(value, now)}
      find={find}
      onChange={onChange}
      nothing="No time zone fits. Try a large city near you."
    />
  );
}
