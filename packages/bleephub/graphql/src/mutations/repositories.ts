import type {
  CloneTemplateRepositoryInput,
  CreateRepositoryInput,
  UpdateRepositoryInput
} from "@octokit/graphql-schema"
import {
  createFromTemplate,
  createRepository,
  notFound,
  requireAccount,
  requireAdmin,
  updateRepository,
  type RepositoryChange
} from "@sockerless/bleephub-core"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { repositoryNode, rowOf } from "../nodes/node.ts"

const VISIBILITY = { PUBLIC: "public", PRIVATE: "private", INTERNAL: "internal" } as const

const repositoryOf = (context: Context, id: string) =>
  rowOf(context, id, ["R"], (row) => context.hub.tables.repositories.get(row))

const setArchived = async (context: Context, id: string, archived: boolean) => {
  const row = repositoryOf(context, id)
  const actor = requireAdmin(context.hub, context.viewer, row)
  return { repository: repositoryNode(await updateRepository(context.hub, actor, row, { archived })) }
}

const changeOf = (input: UpdateRepositoryInput): RepositoryChange => ({
  ...(input.name && { name: input.name }),
  ...(input.description !== undefined && { description: input.description }),
  ...(input.homepageUrl !== undefined && { homepage: input.homepageUrl === null ? null : String(input.homepageUrl) }),
  ...(typeof input.hasIssuesEnabled === "boolean" && { hasIssues: input.hasIssuesEnabled }),
  ...(typeof input.hasWikiEnabled === "boolean" && { hasWiki: input.hasWikiEnabled }),
  ...(typeof input.hasProjectsEnabled === "boolean" && { hasProjects: input.hasProjectsEnabled }),
  ...(typeof input.hasDiscussionsEnabled === "boolean" && { hasDiscussions: input.hasDiscussionsEnabled }),
  ...(typeof input.template === "boolean" && { isTemplate: input.template })
})

/** Making and changing repositories. */
export const repositoryMutations: Resolvers = {
  Mutation: {
    createRepository: async (_root: object, { input }: { readonly input: CreateRepositoryInput }, context: Context) => {
      const owner = input.ownerId
        ? rowOf(context, input.ownerId, ["U", "O"], (id) => context.hub.tables.accounts.get(id))
        : requireAccount(context.viewer)
      if (owner === undefined) throw notFound()
      const row = await createRepository(context.hub, context.viewer, owner, {
        name: input.name,
        description: input.description ?? null,
        homepage: input.homepageUrl ? String(input.homepageUrl) : null,
        visibility: VISIBILITY[input.visibility],
        settings: {
          hasIssues: input.hasIssuesEnabled ?? true,
          hasWiki: input.hasWikiEnabled ?? true,
          isTemplate: input.template ?? false
        }
      })
      return { repository: repositoryNode(row) }
    },
    cloneTemplateRepository: async (
      _root: object,
      { input }: { readonly input: CloneTemplateRepositoryInput },
      context: Context
    ) => {
      const template = repositoryOf(context, input.repositoryId)
      const owner = rowOf(context, input.ownerId, ["U", "O"], (id) => context.hub.tables.accounts.get(id))
      const row = await createFromTemplate(context.hub, context.viewer, template, owner, {
        name: input.name,
        description: input.description ?? null,
        visibility: VISIBILITY[input.visibility]
      })
      return { repository: repositoryNode(row) }
    },
    updateRepository: async (_root: object, { input }: { readonly input: UpdateRepositoryInput }, context: Context) => {
      const row = repositoryOf(context, input.repositoryId)
      const actor = requireAdmin(context.hub, context.viewer, row)
      return { repository: repositoryNode(await updateRepository(context.hub, actor, row, changeOf(input))) }
    },
    archiveRepository: (
      _root: object,
      { input }: { readonly input: { readonly repositoryId: string } },
      context: Context
    ) => setArchived(context, input.repositoryId, true),
    unarchiveRepository: (
      _root: object,
      { input }: { readonly input: { readonly repositoryId: string } },
      context: Context
    ) => setArchived(context, input.repositoryId, false)
  }
}
