/** What a cell has put out. */
import type { Output } from "@/api/types";

export function Outputs({ outputs }: { outputs: readonly Output[] }) {
  return outputs.map((output, n) =>
    output.mime.startsWith("image/") ? (
      <img key={n} src={String(output.data)} alt="Figure" />
    ) : (
      <pre key={n} style={{ overflow: "auto" }}>
        {typeof output.data === "string" ? output.data : JSON.stringify(output.data)}
      </pre>
    ),
  );
}
