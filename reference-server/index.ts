/** The front door of the reference server: everything else behind it may move. */
export { checkModel } from './checking.ts'
export { devices } from './infer/devices.ts'
export { firstShare, requiredShare } from './model/check/index.ts'
export { writeModelDirectory } from './model/directory.ts'
export { loadModel, modelNamed, namedModels } from './model/registry.ts'
export { startServer, type RunningServer, type ServerOptions } from './server.ts'
