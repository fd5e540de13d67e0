import {
  atLeast,
  canSee,
  fullName,
  type Hub,
  nodeId,
  type Repository,
  roleOf,
  type Viewer
} from "@sockerless/bleephub-core"
import { isoTime, simpleUser } from "../accounts/render.ts"
import type { Schemas } from "../wire/types.ts"
import type { Urls } from "../wire/urls.ts"

/** What rendering needs to know: who looks, and from where. */
export interface View {
  readonly hub: Hub
  readonly viewer: Viewer
  readonly urls: Urls
}

/** The links of a repository, as GitHub's templates. */
const linksOf = (urls: Urls, name: string) => {
  const url = `${urls.api}/repos/${name}`
  return {
    html_url: `${urls.html}/${name}`,
    url,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_url: `${urls.html.replace(/^https?:/, "git:")}/${name}.git`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    ssh_url: `git@${urls.html.replace(/^https?:\/\//, "")}:${name}.git`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
    hooks_url: `${url}/hooks`,
    svn_url: `${urls.html}/${name}`,
    clone_url: `${urls.html}/${name}.git`,
    mirror_url: null
  }
}

const permissionsOf = (view: View, repository: Repository) => {
  const role = roleOf(view.hub, view.viewer, repository)
  return {
    admin: atLeast(role, "admin"),
    maintain: atLeast(role, "maintain"),
    push: atLeast(role, "write"),
    triage: atLeast(role, "triage"),
    pull: atLeast(role, "read")
  }
}

const countsOf = (hub: Hub, repository: Repository) => {
  const open =
    hub.tables.issues.count("open", `${repository.id} issue`) + hub.tables.issues.count("open", `${repository.id} pull`)
  const stars = hub.tables.stars.count("repository", repository.id)
  const forks = hub.tables.repositories.count("parent", repository.id)
  return {
    forks_count: forks,
    forks,
    stargazers_count: stars,
    watchers_count: stars,
    watchers: stars,
    open_issues_count: open,
    open_issues: open
  }
}

/** A repository in lists and inside other JSON. */
export const minimalRepository = (view: View, repository: Repository) => {
  const { hub, urls } = view
  const name = fullName(hub, repository)
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: name,
    owner: simpleUser(urls, hub.tables.accounts.need(repository.ownerId)),
    private: repository.visibility !== "public",
    description: repository.description,
    fork: repository.parentId !== null,
    ...linksOf(urls, name),
    homepage: repository.homepage,
    language: null,
    ...countsOf(hub, repository),
    size: repository.size,
    default_branch: repository.defaultBranch,
    is_template: repository.isTemplate,
    topics: [...repository.topics],
    has_issues: repository.hasIssues,
    has_projects: repository.hasProjects,
    has_wiki: repository.hasWiki,
    has_pages: false,
    has_downloads: true,
    has_discussions: repository.hasDiscussions,
    archived: repository.archived,
    disabled: false,
    visibility: repository.visibility,
    pushed_at: isoTime(repository.pushedAt),
    created_at: isoTime(repository.createdAt),
    updated_at: isoTime(repository.updatedAt),
    permissions: permissionsOf(view, repository),
    license: null,
    allow_forking: true,
    web_commit_signoff_required: repository.signoff
  } satisfies Schemas["minimal-repository"]
}

const mergeSettingsOf = (repository: Repository) =>
  ({
    allow_rebase_merge: repository.allowRebase,
    allow_squash_merge: repository.allowSquash,
    allow_auto_merge: repository.allowAutoMerge,
    delete_branch_on_merge: repository.deleteBranchOnMerge,
    allow_merge_commit: repository.allowMerge,
    allow_update_branch: repository.allowUpdateBranch,
    use_squash_pr_title_as_default: false,
    squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
    squash_merge_commit_message: "COMMIT_MESSAGES",
    merge_commit_title: "MERGE_MESSAGE",
    merge_commit_message: "PR_TITLE"
  }) as const

/** A repository where GitHub's schema is `repository`: in pull requests and answers of creation. */
export const repositoryJson = (view: View, repository: Repository) =>
  ({ ...minimalRepository(view, repository), ...mergeSettingsOf(repository) }) satisfies Schemas["repository"]

/** A repository asked for by itself. */
export const fullRepository = (view: View, repository: Repository): Schemas["full-repository"] => {
  const { hub, viewer } = view
  const owner = hub.tables.accounts.need(repository.ownerId)
  const parent = repository.parentId === null ? undefined : hub.tables.repositories.get(repository.parentId)
  const shown = parent !== undefined && canSee(hub, viewer, parent) ? repositoryJson(view, parent) : undefined
  return {
    ...repositoryJson(view, repository),
    network_count: hub.tables.repositories.count("parent", repository.id),
    subscribers_count: 0,
    ...(owner.type === "Organization" && { organization: simpleUser(view.urls, owner) }),
    ...(shown !== undefined && { parent: shown, source: shown })
  }
}
