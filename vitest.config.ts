import { defineConfig } from 'vitest/config'

const shared = { restoreMocks: true, testTimeout: 20_000 } as const

export default defineConfig({
  test: {
    // By itself Vitest leaves one processor idle, which is half of a machine with two.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...shared,
          name: 'code',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/cli/**', '**/node_modules/**'],
        },
      },
      {
        // The program as it is shipped: compiled once, then started like any other.
        test: { ...shared, name: 'cli', include: ['test/cli/**/*.test.ts'], globalSetup: ['test/cli/build.ts'] },
      },
    ],
  },
})
