// One linter for all workspaces. Layout is prettier's business; here only what may be a fault.
import { defineConfig, globalIgnores } from "eslint/config";
import vue from "eslint-plugin-vue";
import accessibility from "eslint-plugin-vuejs-accessibility";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores([
    "**/node_modules/",
    "**/dist/",
    "**/miniprogram_dist/",
    "**/coverage/",
    "protocol/index.ts",
  ]),
  {
    files: ["**/*.{ts,vue,js,mjs}"],
    extends: [tseslint.configs.strict],
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": ["error", { allow: ["warn", "error"] }],
    },
  },
  {
    // Rules that need types: a promise nobody waits for is a message nobody misses.
    files: ["*/src/**/*.ts"],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ["**/*.vue"],
    extends: [vue.configs["flat/recommended"], accessibility.configs["flat/recommended"]],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // Prettier lays templates out; these would quarrel with it.
      "vue/html-indent": "off",
      "vue/html-self-closing": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
    },
  },
  {
    // Scripts that build or test speak to a terminal; mini-program sources have globals of their own.
    files: ["**/scripts/**", "**/*.config.{ts,js,mjs}", "**/test/**", "**/tests/**", "**/*.test.ts"],
    rules: { "no-console": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
