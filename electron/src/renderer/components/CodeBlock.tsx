/** Code that is read. */
export function CodeBlock({ code }: { code: string; language?: string }) {
  return <pre style={{ overflow: "auto" }}>{code}</pre>;
}
