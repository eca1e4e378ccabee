/** The OAuth clients that connections sign in with. */
import { useQuery } from "@tanstack/react-query";
import { deleteOAuthClient, oauthClientsQuery } from "@/api/oauthClients";
import { Button } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./SettingsView.module.css";

export function OAuthClients() {
  const clients = useQuery(oauthClientsQuery);
  const confirm = useConfirm();
  const renew = useRenew();
  const remove = async (provider: string) => {
    const isSure = await confirm({
      title: `Remove the client of ${provider}?`,
      description: "Connections that sign in with it cannot renew their access then.",
      action: "Remove",
    });
    if (!isSure) return;
    await deleteOAuthClient(provider);
    renew("settings");
  };
  const set = clients.data?.data.filter((client) => client.client_id !== null) ?? [];
  return (
    <>
      <p className={styles.none}>
        Client ids and secrets of services that you sign in to; a connection asks for one when it needs it.
      </p>
      {clients.isPending && <Loading lines={1} />}
      {clients.isError && <Failed error={clients.error} onRetry={() => void clients.refetch()} isInline />}
      <ul className={styles.rows}>
        {set.map((client) => (
          <li key={client.provider}>
            <span>
              {client.name} <code>{client.client_id}</code>
            </span>
            <Button size="small" kind="danger" onClick={() => void remove(client.provider).catch(toastError)}>
              Remove<span className="visually-hidden"> the client of {client.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
