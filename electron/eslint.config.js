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
const NETWORK = ["fetch", "EventSource", "XMLHttpRequest"];
const networkIn = (place) => [
  "error",
  ...NETWORK.map((name) => ({ name, message: `Network calls live in ${place}.` })),
];

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
    },
  },
  {
    files: ["src/renderer/**", "src/shared/**"],
    rules: {
      "no-restricted-globals": networkIn("renderer/api"),
      "no-restricted-imports": ["error", { paths: [electron] }],
    },
  },
  { files: ["src/renderer/api/**"], rules: { "no-restricted-globals": "off" } },
  // The shell: what it takes of the page is types.
  {
    files: ["src/main/**", "src/preload/**"],
    rules: {
      "no-restricted-globals": networkIn("main/serverApi.ts"),
      "@typescript-eslint/no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@/*", "**/renderer/**"], allowTypeImports: true }] },
      ],
    },
  },
  { files: ["src/main/serverApi.ts"], rules: { "no-restricted-globals": "off" } },
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
);
