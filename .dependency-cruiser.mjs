const programs = ['sidecar', 'loadgen', 'reference-server', 'comparison', 'dashboards', 'alerts']

/** Who may import whom (docs: ARCHITECTURE.md). Run through scripts/boundaries.mjs, which also counts. */
export default {
  forbidden: [
    {
      name: 'core-imports-nothing-of-ours',
      comment:
        'core is the vocabulary of every program; an import from one of them would tie them all together.',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '^(commands|scripts|bench|test|cli\\.ts|' + programs.join('|') + ')' },
    },
    ...programs.map((program) => ({
      name: `${program}-imports-core-and-itself`,
      comment: 'Programs meet only over HTTP and in core/; commands/ joins them.',
      severity: 'error',
      from: { path: `^${program}/` },
      to: {
        path:
          '^(commands|scripts|bench|test|cli\\.ts|' +
          programs.filter((other) => other !== program).join('|') +
          ')(/|$)',
      },
    })),
    {
      name: 'commands-use-front-doors',
      comment: "Only a program's index.ts is public; behind it anything may move.",
      severity: 'error',
      from: { path: '^(commands|cli\\.ts|scripts)' },
      to: { path: '^(' + programs.join('|') + ')/(?!index\\.ts$)' },
    },
    {
      name: 'members-do-not-know-siblings',
      comment: 'A dialect, a source, a board imports its interface and core, never another member.',
      severity: 'error',
      from: {
        path: '^(core/dialects|sidecar/sources|loadgen/engines|loadgen/plan/arrivals|dashboards/boards|dashboards/formats|dashboards/preview/kinds|alerts/rules|alerts/forms|alerts/sets)/([^/]+)(\\.ts|/)',
        pathNot: '(index|dialect|source|engine|arrivals|board|rule|form|set|format|kind)\\.ts$',
      },
      to: {
        path: '^$1/',
        pathNot: [
          '^$1/$2(\\.ts|/)',
          '/(dialect|source|engine|arrivals|board|rule|form|set|format|kind|pacer|promql|panel)\\.ts$',
        ],
      },
    },
    {
      name: 'nobody-names-a-dialect',
      comment: 'Outside the folder a dialect is found by its name in the list, never imported.',
      severity: 'error',
      from: { pathNot: '^(core/dialects/|test/)' },
      to: { path: '^core/dialects/(?!index\\.ts$|dialect\\.ts$)' },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that does not resolve is a typo.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|/generated/)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
