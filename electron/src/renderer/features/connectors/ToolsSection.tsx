/** The tools of an MCP server, against what was accepted of it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { acceptConnectionTools, connectionToolsQuery } from "@/api/connections";
import type { ConnectionTool } from "@/api/types";
import { Badge, type Tone } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Failed, Loading } from "@/components/States";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ConnectionView.module.css";

const STATES: Record<ConnectionTool["status"], { tone: Tone; words: string } | null> = {
  accepted: null,
  new: { tone: "info", words: "New" },
  changed: { tone: "warning", words: "Changed" },
  gone: { tone: "danger", words: "Gone" },
};

export function ToolsSection({ connectionId }: { connectionId: string }) {
  const tools = useQuery(connectionToolsQuery(connectionId));
  const listed = tools.data?.tools ?? [];
  const differing = listed.filter(({ status }) => status !== "accepted");
  return (
    <section aria-labelledby="tools">
      <h2 id="tools">Tools</h2>
      {tools.isPending && <Loading label="Asking for its tools" />}
      {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} isInline />}
      {tools.data?.tools.length === 0 && <p className={styles.muted}>This server offers no tools.</p>}
      {differing.length > 0 && <Accept connectionId={connectionId} />}
      <ul>
        {[...differing, ...listed.filter(({ status }) => status === "accepted")].map((tool) => (
          <li key={tool.name} className={styles.item}>
            <Tool tool={tool} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Accept({ connectionId }: { connectionId: string }) {
  const [isBusy, setBusy] = useState(false);
  const renew = useRenew();
  const accept = async () => {
    setBusy(true);
    try {
      await acceptConnectionTools(connectionId);
      renew("connections");
      toast("The tools are accepted as they are now.");
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles.accept}>
      <p>
        The server’s tools are not those that you accepted. The marked ones cannot be called until you have
        looked at them and accepted them.
      </p>
      <Button kind="primary" isBusy={isBusy} onClick={() => void accept().catch(toastError)}>
        Accept them as they are
      </Button>
    </div>
  );
}

function Tool({ tool }: { tool: ConnectionTool }) {
  const state = STATES[tool.status];
  return (
    <details open={tool.status === "changed" || tool.status === "new"}>
      <summary>
        <code>{tool.name}</code> {state && <Badge tone={state.tone}>{state.words}</Badge>}
      </summary>
      <p className={styles.muted}>{tool.description || "It does not say what it does."}</p>
      <pre className={styles.schema}>{JSON.stringify(tool.input_schema, null, 2)}</pre>
    </details>
  );
}
