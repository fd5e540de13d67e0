import { Conflict, findRepository, moveRefs, notFound, type Repository, requireWriter } from "@sockerless/bleephub-core"
import { isAncestor, isRefName, listRefs, readCommit, readRef, type Ref, resolve, ZERO } from "@sockerless/bleephub-git"
import { fullName, nodeId, refuseRef, unprocessable } from "@sockerless/bleephub-core"
import type { View } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"
import { commitJson, pathOf } from "./render.ts"

const apiOf = (view: View, repository: Repository): string => `${view.urls.api}/repos/${fullName(view.hub, repository)}`

const encodeRef = (name: string): string => name.split("/").map(encodeURIComponent).join("/")

/** A ref as git's own object. */
const refJson = (view: View, repository: Repository, ref: Ref): Schemas["git-ref"] => ({
  ref: ref.name,
  node_id: nodeId("REF", repository.id),
  url: `${apiOf(view, repository)}/git/${encodeRef(ref.name)}`,
  object: { sha: ref.sha, type: ref.type, url: `${apiOf(view, repository)}/git/${ref.type}s/${ref.sha}` }
})

const branchName = (ref: Ref): string => ref.name.replace("refs/heads/", "")

const isProtected = (view: View, repository: Repository, branch: string): boolean =>
  view.hub.tables.protections.by("branch", `${repository.id} ${branch}`) !== undefined

const shortBranch = (view: View, repository: Repository, ref: Ref): Schemas["short-branch"] => ({
  name: branchName(ref),
  commit: { sha: ref.sha, url: `${apiOf(view, repository)}/commits/${ref.sha}` },
  protected: isProtected(view, repository, branchName(ref))
})

const branchJson = async (view: View, repository: Repository, ref: Ref): Promise<Schemas["branch-with-protection"]> => {
  const commit = await readCommit(pathOf(view, repository), ref.sha)
  if (commit === undefined) throw notFound("Branch not found")
  const name = branchName(ref)
  const url = `${apiOf(view, repository)}/branches/${encodeRef(name)}`
  return {
    name,
    commit: commitJson(view, repository, commit),
    _links: { html: `${view.urls.html}/${fullName(view.hub, repository)}/tree/${encodeRef(name)}`, self: url },
    protected: isProtected(view, repository, name),
    protection: { enabled: false, required_status_checks: { contexts: [], checks: [] } },
    protection_url: `${url}/protection`
  }
}

const requireEmptyNot = (refs: ReadonlyArray<Ref>): void => {
  if (refs.length === 0) throw new Conflict({ reason: "Git Repository is empty." })
}

/** Moves one ref for whoever asks, through the same gate as a push. */
const move = async (
  call: Call<OperationId>,
  repository: Repository,
  update: { ref: string; old: string; new: string }
) => {
  const actor = requireWriter(call.hub, call.viewer, repository)
  const refusal = await refuseRef(call.hub, actor, repository, update)
  if (refusal !== undefined) throw unprocessable(refusal)
  await call.hub.exclusive(repository.id, () => moveRefs(call.hub, actor, repository, [update]))
}

/** What `GET /git/refs/heads/main` answered before the paths of today, which gh still asks. */
export const olderRef = operation("git/get-ref", async (call) => {
  const repository = findRepository(call.hub, call.viewer, call.path)
  const found = await readRef(pathOf(call, repository), `refs/${call.path.ref}`)
  if (found === undefined) throw notFound()
  return refJson(call, repository, found)
})

/** Branches and refs. */
export const branchOperations = [
  operation("repos/list-branches", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const refs = await listRefs(pathOf(call, repository), "refs/heads")
    return call.page(refs, (ref) => shortBranch(call, repository, ref))
  }),
  operation("repos/get-branch", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const ref = await readRef(pathOf(call, repository), `refs/heads/${call.path.branch}`)
    if (ref === undefined) throw notFound("Branch not found")
    return branchJson(call, repository, ref)
  }),
  operation("git/list-matching-refs", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const refs = await listRefs(pathOf(call, repository))
    const wanted = `refs/${call.path.ref}`
    const shown = refs.filter((ref) => ref.name.startsWith(wanted))
    return call.page(shown, (ref) => refJson(call, repository, ref))
  }),
  operation("git/get-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const refs = await listRefs(pathOf(call, repository))
    requireEmptyNot(refs)
    const found = refs.find((ref) => ref.name === `refs/${call.path.ref}`)
    if (found === undefined) throw notFound()
    return refJson(call, repository, found)
  }),
  operation("git/create-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const path = pathOf(call, repository)
    requireWriter(call.hub, call.viewer, repository)
    const { ref, sha } = call.body
    if (!/^refs\/[^/]+\/.+/.test(ref) || !(await isRefName(path, ref))) {
      throw unprocessable("Reference name must start with 'refs/' and contain at least two slashes")
    }
    if ((await resolve(path, `${sha}^{object}`)) === undefined) throw unprocessable("Object does not exist")
    if ((await readRef(path, ref)) !== undefined) throw unprocessable("Reference already exists")
    await move(call, repository, { ref, old: ZERO, new: sha })
    const made = await readRef(path, ref)
    if (made === undefined) throw notFound()
    call.answerHeaders["location"] = refJson(call, repository, made).url
    return refJson(call, repository, made)
  }),
  operation("git/update-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const path = pathOf(call, repository)
    requireWriter(call.hub, call.viewer, repository)
    const name = `refs/${call.path.ref}`
    const known = await readRef(path, name)
    if (known === undefined) throw unprocessable("Reference does not exist")
    if ((await resolve(path, `${call.body.sha}^{object}`)) === undefined) throw unprocessable("Object does not exist")
    if (call.body.force !== true && !(await isAncestor(path, known.sha, call.body.sha))) {
      throw unprocessable("Update is not a fast forward")
    }
    await move(call, repository, { ref: name, old: known.sha, new: call.body.sha })
    return refJson(call, repository, { ...known, sha: call.body.sha })
  }),
  operation("git/delete-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const name = `refs/${call.path.ref}`
    const known = await readRef(pathOf(call, repository), name)
    if (known === undefined) throw unprocessable("Reference does not exist")
    await move(call, repository, { ref: name, old: known.sha, new: ZERO })
  })
]
