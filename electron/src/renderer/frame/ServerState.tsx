/** Whether the server answers, and which model does. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { WifiOff } from "lucide-react";
import { healthQuery, settingsQuery } from "@/api/settings";
import { Dot } from "@/components/Badge";
import { useConnectionState } from "@/hooks/live";
import styles from "./ServerState.module.css";

export function ServerState({ isCompact }: { isCompact: boolean }) {
  const connection = useConnectionState();
  const health = useQuery(healthQuery);
  const settings = useQuery(settingsQuery);
  const isLive = connection === "live";
  const words = isLive ? "Connected" : connection === "connecting" ? "Connecting…" : "Reconnecting…";
  const model = health.data?.model_configured ? settings.data?.model : "Offline model";
  return (
    <div className={styles.state} role="status">
      <Dot tone={isLive ? "good" : "warning"} label={words} isLive={!isLive} />
      {!isCompact && (
        <Link to="/settings" className={styles.words}>
          {isLive ? (model ?? "Connected") : words}
        </Link>
      )}
    </div>
  );
}

/** Above the view while the server is away: nothing is lost, and it goes on by itself. */
export function OfflineBanner() {
  if (useConnectionState() !== "waiting") return null;
  return (
    <div className={styles.banner} role="status">
      <WifiOff aria-hidden />
      Cowork’s server does not answer. What you see is kept; this window connects again by itself.
    </div>
  );
}
