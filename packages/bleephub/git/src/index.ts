export { archive } from "./archive.ts"
export { type ChangedFile, changedFiles, commitPatchText, diffText, patchText } from "./diff.ts"
export {
  aheadBehind,
  borrow,
  commitsBetween,
  isAncestor,
  mergeBase,
  mergeCommit,
  mergeTrees,
  rebaseCommits,
  squashCommit
} from "./merge.ts"
export {
  type Commit,
  countCommits,
  log,
  type LogOptions,
  type Person,
  readBlob,
  readCommit,
  readTree,
  resolve,
  type TreeChange,
  type TreeEntry,
  typeOf,
  writeBlob,
  writeCommit,
  writeTree
} from "./objects.ts"
export { isRefName, listRefs, readRef, type Ref, RefMoved, type RefUpdate, updateRefs, ZERO } from "./refs.ts"
export { GitFailed, run as runGit, text as gitText } from "./run.ts"
export { advertise, type PushDecision, receivePack, type Service, uploadPack } from "./smart-http.ts"
export { copyStorage, createStorage, removeStorage, repositoryPath, setHead } from "./storage.ts"
