/** The first start: what this is, which model is to answer, and a sample to see it work. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, FlaskConical } from "lucide-react";
import { useState } from "react";
import { healthQuery, settingsQuery } from "@/api/settings";
import { Button } from "@/components/Button";
import { useTitle } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { useSampleTask } from "@/hooks/useSampleTask";
import { markStarted } from "@/state/started";
import { AnthropicForm } from "./AnthropicForm";
import { ServerForm } from "./ServerForm";
import styles from "./StartView.module.css";
import { Ways, type Way } from "./Ways";

export function StartView() {
  useTitle("Welcome");
  return (
    <div className={styles.scroll}>
      <div className={styles.page}>
        <header>
          <h1 className={styles.welcome}>Welcome to Cowork</h1>
          <p className={styles.what}>
            Hand work to an agent: it reads your files, computes in notebooks that you can open and change,
            and makes reports and small apps. Everything stays on this machine; only what a language model
            needs to answer is sent to the one that you choose.
          </p>
        </header>
        <ModelChoice />
        <Next />
      </div>
    </div>
  );
}

function ModelChoice() {
  const health = useQuery(healthQuery);
  const settings = useQuery(settingsQuery);
  const [way, setWay] = useState<Way>("anthropic");
  const failed = health.isError ? health : settings.isError ? settings : null;
  if (failed) return <Failed error={failed.error} onRetry={() => void failed.refetch()} isInline />;
  if (!health.data || !settings.data) return <Loading lines={4} />;
  return (
    <section className={styles.choice} aria-labelledby="model">
      <h2 id="model">Which model is to answer?</h2>
      {health.data.model_configured && (
        <p className={styles.ready} role="status">
          A model is set up: {settings.data.model}
          {settings.data.base_url ? ` at ${settings.data.base_url}` : ""}. You can begin, or set up another.
        </p>
      )}
      <Ways chosen={way} onChoose={setWay} />
      <div className={styles.form}>
        {way === "anthropic" && <AnthropicForm secrets={health.data.secrets} settings={settings.data} />}
        {way === "server" && <ServerForm secrets={health.data.secrets} settings={settings.data} />}
        {way === "offline" && <Offline />}
      </div>
    </section>
  );
}

const Offline = () => (
  <div className={styles.offline}>
    <p>The built-in model follows rules. Nothing leaves this machine, and it costs nothing.</p>
    <p>
      <strong>It can</strong> look over tables with charts and make a report of them, run Python and SQL that
      you write, and find words in your files.
    </p>
    <p>
      <strong>It cannot</strong> understand language: no writing, reasoning or translating. You can set up a
      language model at any time in the settings.
    </p>
  </div>
);

function Next() {
  const sample = useSampleTask();
  const navigate = useNavigate();
  const begin = () => {
    markStarted();
    void navigate({ to: "/", search: {} });
  };
  return (
    <section className={styles.next} aria-labelledby="next">
      <div>
        <h2 id="next">See it work</h2>
        <p className={styles.hint}>A sample table, the made-up sales of a year, summarised in a notebook.</p>
      </div>
      <div className={styles.deeds}>
        <Button kind="primary" icon={<FlaskConical />} isBusy={sample.isBusy} onClick={sample.begin}>
          Run the sample task
        </Button>
        <Button kind="ghost" onClick={begin}>
          Begin with a task of your own
          <ArrowRight aria-hidden />
        </Button>
      </div>
    </section>
  );
}
