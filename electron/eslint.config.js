import { defineConfig } from "eslint/config";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const features = [
  "approvals",
  "artifacts",
  "connectors",
  "conversations",
  "files",
  "memories",
  "projects",
  "schedules",
  "scratchpads",
  "search",
  "settings",
  "skills",
  "start",
];

const electron = { name: "electron", message: "The page never imports electron." };

export default defineConfig(
  { ignores: ["dist", "*.js", "src/renderer/public", "src/renderer/api/schema.gen.ts"] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  jsxA11y.flatConfigs.recommended,
  reactHooks.configs.flat["recommended-latest"],
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/no-dynamic-delete": "off",
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Network calls live in renderer/api." },
        { name: "EventSource", message: "Network calls live in renderer/api." },
        { name: "XMLHttpRequest", message: "Network calls live in renderer/api." },
      ],
      "no-restricted-imports": ["error", { paths: [electron] }],
    },
  },
  { files: ["src/renderer/api/**"], rules: { "no-restricted-globals": "off" } },
  // Features never import each other: what two of them need is a shared part in components/ or hooks/.
  features.map((feature) => ({
    files: [`src/renderer/features/${feature}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [electron],
          patterns: features
            .filter((other) => other !== feature)
            .map((other) => ({
              group: [`@/features/${other}/*`, `**/features/${other}/**`],
              message: "Features never import each other.",
            })),
        },
      ],
    },
  })),
  { files: ["test/**"], rules: { "no-restricted-globals": "off" } },
);
