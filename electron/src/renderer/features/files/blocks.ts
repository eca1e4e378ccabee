/** The text of a file as it is shown: passages, and tables of what has rows. */
import type { Passage, Place } from "@/api/types";
import { placeWords } from "@/components/placeWords";
import { fieldsOf, separatorOf } from "./csv";

export interface Row {
  /** Its number in the sheet or file. */
  n: number;
  cells: string[];
}

export type Block =
  | { kind: "text"; key: string; place: Place; heading: string; text: string }
  | {
      kind: "table";
      key: string;
      place: Place;
      heading: string;
      head: string[] | null;
      rows: Row[];
      columns: number;
    };

const isCsv = (mimeType: string): boolean => /^text\/(csv|tab-separated-values)$/.test(mimeType);

export function blocksOf(passages: readonly Passage[], mimeType: string): Block[] {
  if (isCsv(mimeType)) {
    const table = csvTable(passages);
    if (table) return [table];
  }
  const blocks: Block[] = [];
  let before: Passage | undefined;
  for (const passage of passages) {
    const heading = headingOf(passage.place, before?.place);
    const last = blocks.at(-1);
    if (passage.place.sheet == null) {
      blocks.push({
        kind: "text",
        key: String(passage.n),
        place: passage.place,
        heading,
        text: passage.text,
      });
    } else if (last?.kind === "table" && heading === "") {
      addRows(last, passage);
    } else {
      const table = {
        kind: "table" as const,
        key: String(passage.n),
        place: passage.place,
        heading,
        head: null,
        rows: [],
        columns: 0,
      };
      addRows(table, passage);
      blocks.push(table);
    }
    before = passage;
  }
  return blocks;
}

/** Where a new page, sheet or slide begins; else nothing. */
function headingOf(place: Place, before: Place | undefined): string {
  const { page, sheet, slide } = place;
  const isNew = page !== before?.page || sheet !== before?.sheet || slide !== before?.slide;
  return isNew
    ? placeWords({
        ...(page != null && { page }),
        ...(sheet != null && { sheet }),
        ...(slide != null && { slide }),
      })
    : "";
}

/** Each line of a sheet's passage is a row, its cells between tabs. A row that was too long goes on in the next passage. */
function addRows(table: Extract<Block, { kind: "table" }>, { place, text }: Passage): void {
  const first = place.row ?? 1;
  for (const [offset, line] of text.split("\n").entries()) {
    const cells = line.split("\t");
    const last = table.rows.at(-1);
    if (last?.n === first + offset) {
      const [rest = "", ...more] = cells;
      const end = last.cells.length - 1;
      last.cells[end] = (last.cells[end] ?? "") + rest;
      last.cells.push(...more);
      table.columns = Math.max(table.columns, last.cells.length);
    } else {
      table.rows.push({ n: first + offset, cells });
      table.columns = Math.max(table.columns, cells.length);
    }
  }
}

/** Null where it is no table: of one column, or none in which rows agree. */
function csvTable(passages: readonly Passage[]): Block | null {
  const text = joined(passages);
  const separator = separatorOf(text);
  if (separator === null) return null;
  const rows = fieldsOf(text, separator).map(({ line, fields }) => ({ n: line, cells: fields }));
  const [head, ...body] = rows;
  if (!head) return null;
  const columns = Math.max(...rows.map(({ cells }) => cells.length));
  return { kind: "table", key: "0", place: { line: 1 }, heading: "", head: head.cells, rows: body, columns };
}

/** The passages as one text again: a line that was too long goes on in the next one. */
function joined(passages: readonly Passage[]): string {
  let text = "";
  let lines = 0;
  for (const { place, text: more } of passages) {
    if (text) {
      const isNewLine = (place.line ?? lines + 1) > lines;
      text += isNewLine ? "\n" : "";
      lines -= isNewLine ? 0 : 1;
    }
    text += more;
    lines += more.split("\n").length;
  }
  return text;
}
