/** The settings on one page; each is saved when it is changed. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { settingsQuery } from "@/api/settings";
import { SelectField } from "@/components/Field";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { useThemeChoice, type ThemeChoice } from "@/hooks/useTheme";
import { AboutSection } from "./AboutSection";
import { ApprovalRules } from "./ApprovalRules";
import { DataSection } from "./DataSection";
import { ModelSection } from "./ModelSection";
import { OAuthClients } from "./OAuthClients";
import { NUMBERS, type Group } from "./numbers";
import { ChoiceSetting, NumberSetting, SwitchSetting } from "./Setting";
import styles from "./SettingsView.module.css";
import type { Settings } from "@/api/types";

const SECTIONS = [
  ["model", "Model"],
  ["appearance", "Appearance"],
  ["limits", "Limits of a turn"],
  ["approvals", "Approvals"],
  ["kernels", "Notebooks"],
  ["context", "Memories, files and web"],
  ["schedules", "Schedules"],
  ["connectors", "OAuth clients"],
  ["data", "Data and backups"],
  ["about", "About"],
] as const;

export function SettingsView() {
  const settings = useQuery(settingsQuery);
  return (
    <Page
      title="Settings"
      isWide
      description="A change is saved at once."
      actions={<Link to="/settings/usage">Usage and cost</Link>}
    >
      {settings.isPending && <Loading lines={6} />}
      {settings.isError && <Failed error={settings.error} onRetry={() => void settings.refetch()} />}
      {settings.data && (
        <div className={styles.columns}>
          <nav aria-label="Sections of the settings" className={styles.index}>
            {SECTIONS.map(([id, name]) => (
              <a key={id} href={`#${id}`}>
                {name}
              </a>
            ))}
          </nav>
          <Sections settings={settings.data} />
        </div>
      )}
    </Page>
  );
}

function Sections({ settings }: { settings: Settings }) {
  const numbers = (...groups: Group[]) => <Numbers settings={settings} groups={groups} />;
  const contents: Record<(typeof SECTIONS)[number][0], ReactNode> = {
    model: <ModelSection settings={settings} />,
    appearance: <Appearance />,
    limits: numbers("limits"),
    approvals: (
      <>
        <ChoiceSetting
          label="Changes of the project"
          hint="Files and artifacts of the project; they can be undone."
          value={settings.approvals?.project ?? "allow"}
          options={[
            { value: "allow", label: "Go ahead" },
            { value: "ask", label: "Ask me first" },
          ]}
          patch={(project) => ({ approvals: { project: project as "allow" | "ask" } })}
        />
        <ChoiceSetting
          label="Anything beyond"
          hint="Requests to the internet, programs, files of other folders, writing to databases."
          value={settings.approvals?.outside ?? "ask"}
          options={[
            { value: "ask", label: "Ask me first" },
            { value: "deny", label: "Refuse" },
          ]}
          patch={(outside) => ({ approvals: { outside: outside as "ask" | "deny" } })}
        />
        {numbers("approvals")}
        <ApprovalRules />
      </>
    ),
    kernels: (
      <>
        <SwitchSetting
          label="Keep a kernel ready"
          hint="A first cell does not wait for one; it takes some memory."
          isOn={settings.kernels?.spare ?? true}
          patch={(spare) => ({ kernels: { spare } })}
        />
        {numbers("kernels")}
      </>
    ),
    context: (
      <>
        {numbers("memories", "files")}
        <SwitchSetting
          label="Read web pages"
          hint="Whether the agent has the tool that fetches a page; it asks before it does."
          isOn={settings.web?.fetch ?? true}
          patch={(fetch) => ({ web: { fetch } })}
        />
      </>
    ),
    schedules: numbers("schedules"),
    connectors: <OAuthClients />,
    data: <DataSection settings={settings} />,
    about: <AboutSection />,
  };
  return (
    <div className={styles.sections}>
      {SECTIONS.map(([id, name]) => (
        <section key={id} id={id} aria-labelledby={`${id}-title`} className={styles.section}>
          <h2 id={`${id}-title`}>{name}</h2>
          {contents[id]}
        </section>
      ))}
    </div>
  );
}

function Numbers({ settings, groups }: { settings: Settings; groups: readonly Group[] }) {
  return NUMBERS.filter(({ group }) => groups.includes(group)).map(({ group, name, ...rest }) => (
    <NumberSetting
      key={`${group}.${name}`}
      {...rest}
      value={(settings[group] as Record<string, number | null>)[name] ?? null}
      isOverridden={settings.overridden.some((field) => field === group || field === `${group}.${name}`)}
      patch={(value) => ({ [group]: { [name]: value } })}
    />
  ));
}

function Appearance() {
  const [choice, choose] = useThemeChoice();
  return (
    <div className={styles.setting}>
      <SelectField
        label="Theme"
        hint="Of this browser alone."
        value={choice}
        options={[
          { value: "system", label: "As the system" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
        onChange={(event) => choose(event.target.value as ThemeChoice)}
      />
    </div>
  );
}
