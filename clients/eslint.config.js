// One linter for all workspaces. Layout is prettier's business; here only what may be a fault.
import { defineConfig, globalIgnores } from 'eslint/config'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['**/node_modules/', '**/dist/', '**/miniprogram_dist/', '**/coverage/', 'protocol/index.ts']),
  {
    files: ['**/*.{ts,vue,js,mjs}'],
    extends: [tseslint.configs.strict],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // With noUncheckedIndexedAccess, `rows[i]!` inside checked bounds is the plain way to say so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `void | (() => void)` says "may return its own undoing"; nothing else says it as well.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': ['error', { allow: ['warn', 'error'] }],
    },
  },
  {
    // Rules that need types: a promise nobody waits for is a message nobody misses.
    files: ['*/src/**/*.ts'],
    languageOptions: {
      // Some packages have a second tsconfig for what runs elsewhere; the project service would not see it.
      parserOptions: { project: './*/tsconfig*.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['**/*.vue'],
    extends: [vue.configs['flat/recommended'], accessibility.configs['flat/recommended']],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // Components are imported where they are used, never registered by a global name that HTML could take.
      'vue/multi-word-component-names': 'off',
      // Prettier lays templates out; these would quarrel with it.
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
    },
  },
  {
    // What builds, tests or is a command speaks to a terminal.
    files: [
      '**/scripts/**',
      '**/bin/**',
      '*/src/cli.ts',
      '**/*.config.{ts,js,mjs}',
      '**/test/**',
      '**/tests/**',
      '**/*.test.ts',
    ],
    rules: { 'no-console': 'off' },
  },
)
