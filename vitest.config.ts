import { defineConfig } from 'vitest/config'

/**
 * One project a kind of test. `timing` holds the suites that assert when things happen (gaps between
 * arrivals, values that disappear after three intervals): they run alone, after everything else, so
 * that no other suite competes with them for the two cores.
 */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{timing,program,long}.test.ts', 'test/system/**'],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          exclude: ['test/**/*.{program,long}.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
      {
        // Needs programs that npm does not bring (promtool, chromium); see test/programs.ts.
        extends: true,
        test: {
          name: 'programs',
          include: ['test/**/*.program.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
      {
        // Minutes, or gigabytes: soaks and the largest inputs. `.ci/run` runs it, `npm test` does not.
        extends: true,
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          testTimeout: 900_000,
          sequence: { groupOrder: 3 },
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'timing',
          include: ['test/**/*.timing.test.ts'],
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
  },
})
