import {
  type Account,
  Conflict,
  findRepository,
  fullName,
  invalid,
  moveRefs,
  notFound,
  personOf,
  type Repository,
  requireAdmin,
  requireRole,
  requireWriter,
  type SshKey,
  unprocessable
} from "@sockerless/bleephub-core"
import { borrow, isAncestor, mergeCommit, readCommit, readRef } from "@sockerless/bleephub-git"
import { commitJson, pathOf } from "../git-data/render.ts"
import { isoTime } from "../accounts/render.ts"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"

/** Brings a branch of a fork up to its parent's, forward or by a merge. */
const mergeUpstream = async (call: Call<"repos/merge-upstream">, actor: Account, fork: Repository) => {
  const { branch } = call.body
  const parent = fork.parentId === null ? undefined : call.hub.tables.repositories.get(fork.parentId)
  if (parent === undefined) throw unprocessable("The repository is not a fork.")
  const path = pathOf(call, fork)
  const ref = `refs/heads/${branch}`
  const theirs = await readRef(pathOf(call, parent), ref)
  const ours = await readRef(path, ref)
  if (theirs === undefined || ours === undefined) throw notFound("Branch not found")
  await borrow(path, pathOf(call, parent), theirs.sha)
  const base = `${call.hub.tables.accounts.need(parent.ownerId).login}:${branch}`
  if (await isAncestor(path, theirs.sha, ours.sha)) {
    return { message: "This branch is not behind the upstream.", merge_type: "none" as const, base_branch: base }
  }
  const forward = await isAncestor(path, ours.sha, theirs.sha)
  const next = forward
    ? theirs.sha
    : await mergeCommit(path, {
        base: ours.sha,
        head: theirs.sha,
        author: personOf(call.hub, actor),
        message: `Merge branch '${base}' into ${branch}\n`
      })
  if (next === undefined) throw new Conflict({ reason: "There are merge conflicts" })
  await moveRefs(call.hub, actor, fork, [{ ref, old: ours.sha, new: next }])
  return {
    message: `Successfully fetched and fast-forwarded from upstream ${base}.`,
    merge_type: forward ? ("fast-forward" as const) : ("merge" as const),
    base_branch: base
  }
}

const keyJson = (call: Call<OperationId>, repository: Repository, key: SshKey) => ({
  id: key.id,
  key: key.key,
  url: `${call.urls.api}/repos/${fullName(call.hub, repository)}/keys/${key.id}`,
  title: key.title,
  verified: true,
  created_at: isoTime(key.createdAt),
  read_only: key.kind === "deploy-read"
})

const deployKeys = (call: Call<OperationId>, repository: Repository): ReadonlyArray<SshKey> =>
  (["deploy-read", "deploy-write"] as const).flatMap((kind) =>
    call.hub.tables.keys.where("account", `${kind} ${repository.id}`)
  )

const findDeployKey = (call: Call<OperationId>, repository: Repository, id: number): SshKey => {
  const key = deployKeys(call, repository).find((one) => one.id === id)
  if (key === undefined) throw notFound()
  return key
}

const keyOperations = [
  operation("repos/list-deploy-keys", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireRole(call.hub, call.viewer, repository, { role: "admin", archivedToo: true })
    return call.page(deployKeys(call, repository), (key) => keyJson(call, repository, key))
  }),
  operation("repos/create-deploy-key", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const { title = "key", key, read_only: readOnly = false } = call.body
    if (!/^(ssh|ecdsa|sk)-\S+ \S+/.test(key.trim())) {
      throw invalid({ resource: "PublicKey", field: "key", code: "custom", message: "key is invalid" })
    }
    const kind = readOnly ? "deploy-read" : "deploy-write"
    if (call.hub.tables.keys.by("key", `${kind} ${key.trim()}`) !== undefined) {
      throw invalid({ resource: "PublicKey", field: "key", code: "custom", message: "key is already in use" })
    }
    const made = await call.hub.change(() =>
      call.hub.tables.keys.insert({
        accountId: repository.id,
        kind,
        title,
        key: key.trim(),
        createdAt: call.hub.now()
      })
    )
    return keyJson(call, repository, made)
  }),
  operation("repos/get-deploy-key", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    return keyJson(call, repository, findDeployKey(call, repository, call.path.key_id))
  }),
  operation("repos/delete-deploy-key", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const key = findDeployKey(call, repository, call.path.key_id)
    await call.hub.change(() => call.hub.tables.keys.remove(key.id))
  })
]

/** Merging branches without a pull request, and deploy keys. */
export const upkeepOperations = [
  operation("repos/merge-upstream", async (call) => {
    const fork = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, fork)
    return call.hub.exclusive(fork.id, () => mergeUpstream(call, actor, fork))
  }),
  operation("repos/merge", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const path = pathOf(call, repository)
    return call.hub.exclusive(repository.id, async () => {
      const ref = await readRef(path, `refs/heads/${call.body.base}`)
      const head = await readCommit(path, call.body.head)
      if (ref === undefined) throw notFound("Base does not exist")
      if (head === undefined) throw notFound("Head does not exist")
      if (await isAncestor(path, head.sha, ref.sha)) return undefined
      const message = call.body.commit_message ?? `Merge ${call.body.head} into ${call.body.base}`
      const sha = await mergeCommit(path, { base: ref.sha, head: head.sha, author: personOf(call.hub, actor), message })
      if (sha === undefined) throw new Conflict({ reason: "Merge conflict" })
      await moveRefs(call.hub, actor, repository, [{ ref: ref.name, old: ref.sha, new: sha }])
      const commit = await readCommit(path, sha)
      if (commit === undefined) throw notFound()
      return new Reply(201, commitJson(call, repository, commit))
    })
  }),
  ...keyOperations
]
