import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, test } from "vitest";
import type { ConnectorSpec, SpecField } from "@/api/types";
import { TooltipProvider } from "@/components/Tooltip";
import { SpecFields } from "@/features/connectors/SpecFields";
import {
  changesOf,
  credentialsOf,
  initialValues,
  replacedBy,
  type Values,
} from "@/features/connectors/credentials";
import { foundSpecs } from "@/features/connectors/foundSpecs";

const field = (key: string, given: Partial<SpecField> = {}): SpecField => ({
  key,
  label: key,
  secret: false,
  required: true,
  type: "text",
  default: null,
  choices: [],
  help: "",
  advanced: false,
  ...given,
});

const FIELDS = [
  field("host", { help: "Such as db.example.com." }),
  field("port", { type: "number", default: 5432, required: false }),
  field("password", { secret: true }),
  field("key", { secret: true, type: "multiline", required: false }),
  field("tls", { type: "choice", choices: ["require", "off"], default: "require", advanced: true }),
  field("insecure", { type: "boolean", required: false, advanced: true }),
];

function Shown({
  isKeeping = false,
  faults = {},
  onValues,
}: {
  isKeeping?: boolean;
  faults?: Record<string, string>;
  onValues?: (values: Values) => void;
}) {
  const [values, setValues] = useState<Values>(isKeeping ? {} : initialValues(FIELDS));
  return (
    <TooltipProvider>
      <SpecFields
        fields={FIELDS}
        values={values}
        faults={faults}
        isKeeping={isKeeping}
        onChange={(key, value) => {
          const next = { ...values, [key]: value };
          setValues(next);
          onValues?.(next);
        }}
      />
    </TooltipProvider>
  );
}

describe("the form of a spec", () => {
  test("has a control for each kind of field, with its default", () => {
    render(<Shown />);
    expect(screen.getByLabelText("host")).toBeRequired();
    expect(screen.getByLabelText("host")).toHaveAccessibleDescription("Such as db.example.com.");
    expect(screen.getByLabelText("port (optional)")).toHaveValue("5432");
    expect(screen.getByLabelText("password")).toHaveAttribute("type", "password");
    expect(screen.getByLabelText("key (optional)").tagName).toBe("TEXTAREA");
    expect(screen.getByLabelText("tls")).toHaveValue("require");
    expect(screen.getByLabelText("insecure")).not.toBeChecked();
  });

  test("shows a secret only while it is asked to", async () => {
    const user = userEvent.setup();
    render(<Shown />);
    await user.click(screen.getByRole("button", { name: "Show: password" }));
    expect(screen.getByLabelText("password")).toHaveAttribute("type", "text");
    await user.click(screen.getByRole("button", { name: "Hide: password" }));
    expect(screen.getByLabelText("password")).toHaveAttribute("type", "password");
  });

  test("opens the advanced fields where one of them is wrong", () => {
    render(<Shown faults={{ "credentials.tls": "tls should be one of require, off." }} />);
    expect(screen.getByText("Advanced").closest("details")).toHaveAttribute("open");
    expect(screen.getByLabelText("tls")).toHaveAccessibleDescription("tls should be one of require, off.");
  });

  test("of a connection that is there keeps what is left empty", async () => {
    const user = userEvent.setup();
    let values: Values = {};
    render(<Shown isKeeping onValues={(next) => (values = next)} />);
    expect(screen.getByLabelText("password")).toHaveAttribute("placeholder", "Leave empty to keep");
    await user.type(screen.getByLabelText("host"), "db");
    await user.selectOptions(screen.getByLabelText("insecure"), "No");
    expect(changesOf(FIELDS, values)).toEqual({ host: "db", insecure: false });
  });
});

describe("what is sent", () => {
  const values = { ...initialValues(FIELDS), host: "db", password: " p ", port: " 5433 " };

  test("leaves out what is empty, and has numbers as numbers", () => {
    expect(credentialsOf(FIELDS, values)).toEqual({
      host: "db",
      port: 5433,
      password: " p ",
      tls: "require",
      insecure: false,
    });
  });

  test("of a form that is mended takes out what was emptied", () => {
    expect(replacedBy(FIELDS, { ...values, port: "" })).toMatchObject({ port: null, key: null, host: "db" });
  });

  test("leaves it to the server to refuse what is no number", () => {
    expect(credentialsOf(FIELDS, { ...values, port: "many" }).port).toBe("many");
  });
});

describe("the catalogue", () => {
  const spec = (id: string, name: string, category: ConnectorSpec["category"]): ConnectorSpec => ({
    id,
    name,
    category,
    description: `Read ${name}, not slack.`,
    auth_type: "credentials",
    fields: [],
    use: "http",
    docs_url: "",
    methods: [],
    missing: null,
  });
  const specs = [spec("gmail", "Gmail", "mail"), spec("slack", "Slack", "work"), spec("s3", "S3", "storage")];
  const ids = (words: string, category: ConnectorSpec["category"] | null = null) =>
    foundSpecs(specs, words, category).map(({ id }) => id);

  test("is searched for all words, with names first", () => {
    expect(ids("slack")).toEqual(["slack", "gmail", "s3"]);
    expect(ids("gmail read")).toEqual(["gmail"]);
    expect(ids("")).toEqual(["gmail", "slack", "s3"]);
    expect(ids("slack", "storage")).toEqual(["s3"]);
  });
});
