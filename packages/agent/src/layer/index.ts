export { agentCommand, type LayerFile, layerFiles, writeLayer } from "./layer.ts"
