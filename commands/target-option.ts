/** `--target` of the commands that put load on a reranker. */
export const targetOption = {
  type: 'string',
  demandOption: true,
  requiresArg: true,
  describe: 'URL of the reranker; http://user:password@host is possible',
} as const
