/** Reads comma-separated values and their kin (RFC 4180, and with semicolons, tabs or bars). */

interface Record {
  /** Where it begins, from 1. */
  line: number;
  fields: string[];
}

const SEPARATORS = ["\t", ",", ";", "|"] as const;
const LOOKED_AT = 20;

/** The one that cuts the first rows into most columns, as many in each; null where none does. */
export function separatorOf(text: string): string | null {
  const start = text.split("\n").slice(0, LOOKED_AT).join("\n");
  let best: string | null = null;
  let most = 1;
  for (const separator of SEPARATORS) {
    const rows = fieldsOf(start, separator);
    const columns = rows[0]?.fields.length ?? 0;
    const isEven = rows.filter(({ fields }) => fields.length === columns).length >= rows.length * 0.8;
    if (columns > most && isEven) [best, most] = [separator, columns];
  }
  return best;
}

export function fieldsOf(text: string, separator: string): Record[] {
  const records: Record[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const record: Record = { line, fields: [] };
    let isEnd = false;
    while (!isEnd) {
      const { field, end } = text[at] === '"' ? quoted(text, at, separator) : plain(text, at, separator);
      record.fields.push(field);
      line += text.slice(at, end).split("\n").length - 1;
      isEnd = end >= text.length || text[end] === "\n";
      at = end + 1;
    }
    line += 1;
    // A blank line is no record.
    if (record.fields.length > 1 || record.fields[0] !== "") records.push(record);
  }
  return records;
}

function plain(text: string, start: number, separator: string): { field: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n") end += 1;
  return { field: text.slice(start, end).replace(/\r$/, ""), end };
}

/** What follows the closing quotation mark belongs to the field. */
function quoted(text: string, start: number, separator: string): { field: string; end: number } {
  let [field, at] = ["", start + 1];
  for (;;) {
    const close = text.indexOf('"', at);
    if (close < 0) return { field: field + text.slice(at), end: text.length };
    field += text.slice(at, close);
    if (text[close + 1] !== '"') {
      const rest = plain(text, close + 1, separator);
      return { field: field + rest.field, end: rest.end };
    }
    field += '"';
    at = close + 2;
  }
}
