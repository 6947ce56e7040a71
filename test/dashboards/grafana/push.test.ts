import { afterEach, describe, expect, test } from 'vitest'
import type { Grafana } from '../../../core/grafana.ts'
import { parseTargetUrl } from '../../../core/target-url.ts'
import { pushBoards, shippedBoards } from '../../../dashboards/index.ts'
import { loopback, type Loopback } from '../loopback.ts'
import { grafanaStandIn, tokens, type GrafanaStandIn } from './grafana-stand-in.ts'

/** Against a stand-in for Grafana's API: no Grafana runs here. */
const boards = shippedBoards()
const [board] = boards
const at = (url: string, token: string | undefined): Grafana => ({
  server: parseTargetUrl(url, '--grafana-url'),
  token,
})
const keep = { folder: 'rerankscope', overwrite: false }
const replace = { ...keep, overwrite: true }

describe.each([
  ['Grafana 13', ['v0alpha1', 'v1beta1', 'v1', 'v2'], 'dashboard.grafana.app/v1'],
  ['early Grafana 12', ['v0alpha1', 'v1beta1'], 'dashboard.grafana.app/v1beta1'],
  ['Grafana 11', [], undefined],
] as const)('%s', (_, versions, api) => {
  let grafana: GrafanaStandIn
  afterEach(() => grafana.close())
  const push = async (how: typeof keep, token: string | undefined = tokens.editor) =>
    pushBoards(at(grafana.url, token), boards, how)

  test('writes every board into the folder, over the newest API that both know', async () => {
    grafana = await grafanaStandIn(versions)
    expect(await push(keep)).toEqual(
      boards.map(({ name, uid }) => ({ name, done: 'created', url: `${grafana.url}/d/${uid}` })),
    )
    expect([...grafana.folders.values()]).toEqual(['rerankscope'])
    const [folder] = grafana.folders.keys()
    for (const { uid, json } of boards) {
      const kept = grafana.boards.get(uid)
      const sent = JSON.parse(json) as Record<string, unknown>
      expect(kept?.folder).toBe(folder)
      expect(kept?.model['panels']).toEqual(sent['panels'])
      expect(kept?.model['title']).toBe(sent['title'])
    }
    const writes = grafana.asked.filter((line) => line.startsWith('POST') && !/folders/.test(line))
    expect(new Set(writes)).toEqual(
      new Set([
        api === undefined
          ? 'POST /api/dashboards/db'
          : `POST /apis/${api}/namespaces/org-7/dashboards`,
      ]),
    )
  })

  test('a board that is there stays unless --overwrite says to replace it, and then keeps its folder', async () => {
    grafana = await grafanaStandIn(versions)
    await push(keep)
    await expect(push(keep)).rejects.toThrow(
      `Grafana has a board with the uid ${board!.uid} already ("${board!.title}", version 1): push with --overwrite to replace it.`,
    )
    expect([...grafana.boards.values()].every(({ version }) => version === 1)).toBe(true)
    expect((await push(replace)).map(({ done }) => done)).toEqual(boards.map(() => 'replaced'))
    expect([...grafana.boards.values()].every(({ version }) => version === 2)).toBe(true)
    expect(grafana.folders.size).toBe(1)
  })

  test('one that somebody changes in between is not written over', async () => {
    grafana = await grafanaStandIn(versions)
    await push(keep)
    grafana.meanwhile = () => {
      grafana.boards.get(board!.uid)!.version += 1
    }
    await expect(push(replace)).rejects.toThrow(
      `"${board!.title}" was changed in Grafana while we wrote it: push again.`,
    )
  })

  test('one that a file keeps cannot be pushed over', async () => {
    grafana = await grafanaStandIn(versions)
    await push(keep)
    grafana.boards.get(board!.uid)!.manager = 'classic-file-provisioning'
    await expect(push(replace)).rejects.toThrow(/that .+ keeps: change it there/)
  })

  test('who is not known, or may not, gets a sentence without the token', async () => {
    grafana = await grafanaStandIn(versions)
    await expect(push(keep, 'glsa_wrong')).rejects.toThrow(
      'does not know this token or user (status 401): make a new token',
    )
    await expect(push(keep, 'glsa_wrong')).rejects.not.toThrow('glsa_wrong')
    await expect(pushBoards(at(grafana.url, undefined), boards, keep)).rejects.toThrow(
      'put the token of a service account into RERANKSCOPE_GRAFANA_TOKEN',
    )
    await expect(push(keep, tokens.viewer)).rejects.toThrow(
      'says that we may not make folders (status 403)',
    )
    expect(grafana.boards.size).toBe(0)
  })
})

test('before Grafana 11 a folder holds a title once: the other board is named', async () => {
  const grafana = await grafanaStandIn([])
  try {
    grafana.folders.set('f', 'rerankscope')
    grafana.boards.set('other', { version: 1, folder: 'f', model: { title: board!.title } })
    await expect(pushBoards(at(grafana.url, tokens.editor), boards, keep)).rejects.toThrow(
      `The folder has another board called "${board!.title}"`,
    )
  } finally {
    await grafana.close()
  }
})

describe('what is no Grafana is one sentence', () => {
  let server: Loopback | undefined
  afterEach(() => server?.close())

  test.each([
    [200, '{"status":"ok"}', 'does not answer as a Grafana does: is this its address'],
    [
      302,
      '',
      'answers /api/health with a redirect to http://login.example/oauth: give the address',
    ],
    [502, '<html>Bad gateway</html>', 'with an HTML page (status 502)'],
  ])('%i', async (status, body, sentence) => {
    server = await loopback((_, response) => {
      response.writeHead(status, { location: 'http://login.example/oauth?state=s3cret' })
      response.end(body)
    })
    const pushing = pushBoards(at(server.url, tokens.editor), boards, keep)
    await expect(pushing).rejects.toThrow(sentence)
    await expect(pushing).rejects.not.toThrow(/s3cret|glsa/)
  })

  test('nobody there', async () => {
    server = await loopback(() => undefined)
    const { url } = server
    await server.close()
    await expect(pushBoards(at(url, tokens.editor), boards, keep)).rejects.toThrow(
      `Grafana at ${url} cannot be reached: ECONNREFUSED.`,
    )
  })
})
