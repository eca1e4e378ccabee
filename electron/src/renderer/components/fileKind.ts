/** What kind of thing a file is: a word, and an icon. */
import {
  File,
  FileArchive,
  FileCode,
  FileImage,
  FileLock,
  FileMusic,
  FileSpreadsheet,
  FileText,
  FileVideoCamera,
  Presentation,
  type LucideIcon,
} from "lucide-react";

interface FileKind {
  words: string;
  Icon: LucideIcon;
}

/** The first that fits. */
const KINDS: [RegExp, string, LucideIcon][] = [
  [/^application\/pdf$/, "PDF", FileText],
  [/^text\/(csv|tab-separated-values)$/, "Table", FileSpreadsheet],
  [/spreadsheet|ms-excel/, "Spreadsheet", FileSpreadsheet],
  [/presentation|ms-powerpoint/, "Presentation", Presentation],
  [/wordprocessing|opendocument\.text|msword|rtf/, "Document", FileText],
  [/encrypted/, "Protected file", FileLock],
  [/^image\//, "Picture", FileImage],
  [/^audio\//, "Sound", FileMusic],
  [/^video\//, "Video", FileVideoCamera],
  [/zip|tar|compressed|7z/, "Archive", FileArchive],
  [/html|xml|json|javascript|python|x-sh|sql|yaml|^text\/x-/, "Code", FileCode],
  [/^text\//, "Text", FileText],
];

export function fileKind(mimeType: string): FileKind {
  const [, words, Icon] = KINDS.find(([pattern]) => pattern.test(mimeType)) ?? [null, "File", File];
  return { words, Icon };
}

/** Pictures that every browser shows. */
export const isShownPicture = (mimeType: string): boolean =>
  /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/.test(mimeType);
