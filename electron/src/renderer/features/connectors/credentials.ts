/** What stands in a connection's form, and what of it is sent. */
import type { ConnectionCreate, ConnectionPatch, SpecField } from "@/api/types";

export type Values = Readonly<Record<string, string | boolean>>;
type Credentials = ConnectionCreate["credentials"];
type Changes = NonNullable<ConnectionPatch["credentials"]>;

export function initialValues(fields: readonly SpecField[]): Values {
  return Object.fromEntries(fields.map((field) => [field.key, initialValue(field)]));
}

function initialValue({ type, default: given }: SpecField): string | boolean {
  return type === "boolean" ? given === true : String(given ?? "");
}

/** A new connection's: what is empty is left out. */
export function credentialsOf(fields: readonly SpecField[], values: Values): Credentials {
  const sent: Credentials = {};
  for (const field of fields) {
    const value = sentValue(field, values[field.key]);
    if (value !== null) sent[field.key] = value;
  }
  return sent;
}

/** All of a connection's, whose form is still the one that it was made with: what was emptied is taken out. */
export function replacedBy(fields: readonly SpecField[], values: Values): Changes {
  return Object.fromEntries(fields.map((field) => [field.key, sentValue(field, values[field.key])]));
}

function sentValue(field: SpecField, value: string | boolean = ""): string | boolean | number | null {
  if (field.type === "boolean") return value === true || value === "true";
  if (typeof value === "boolean" || value.trim() === "") return null;
  // What is no number is for the server to refuse, in words at its field.
  return field.type === "number" && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value;
}

/** Of a connection whose fields are not known here: what was filled in. */
export const changesOf = (fields: readonly SpecField[], values: Values): Changes =>
  credentialsOf(
    fields.filter(({ key }) => values[key] !== undefined && values[key] !== ""),
    values,
  );
