/** The settings. */
import { Page } from "@/components/Page";

export function SettingsView() {
  return <Page title="Settings">{null}</Page>;
}
