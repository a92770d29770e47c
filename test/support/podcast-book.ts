import { podcastTask, type WaitingPodcast } from '../../contracts/podcast.ts';
import { startPodcast } from '../../temporal/start-podcast.ts';
import { feedUrl, type Script, type ScriptedTask } from './scripted-task.ts';
import type { WorkflowServer } from './workflow-server.ts';

interface BookedTask {
  /** `main` and what begins with it is a main site. */
  name: string;
  id: string;
  domain: string;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'deleted';
}

export function isMain(site: string): boolean {
  return site.startsWith('main');
}

/**
 * A manager's books of one podcast request, and the scenes of its tasks: each task's workflow starts it and reports to
 * these books, and pulls are answered from them.
 */
export class PodcastBook {
  readonly requestId: string;
  readonly parent: ScriptedTask;
  readonly tasks: BookedTask[];
  readonly scenes = new Map<string, ScriptedTask>();
  /** The sub-sites' tasks are in no list before a main site completed. */
  readonly withholds: boolean;
  readonly #lab: WorkflowServer;

  /** How many failed tasks the manager queues again, at once. */
  #retries: number;

  /** @param scripts what happens on each site, in the order of the tasks; the book's name keeps its domains apart from others' */
  constructor(
    lab: WorkflowServer,
    name: string,
    scripts: Record<string, Script>,
    { withholds = false, retries = 0 } = {},
  ) {
    this.#lab = lab;
    this.requestId = `request-${name}`;
    this.withholds = withholds;
    this.#retries = retries;
    this.tasks = Object.keys(scripts).map((site) => ({
      name: site,
      id: `${name}-${site}`,
      domain: `${site}.${name}.test`,
      status: 'pending',
    }));
    for (const task of this.tasks) {
      const { id, domain } = task;
      lab.enable(domain, { every: '0s', atOnce: 10 });
      this.scenes.set(
        task.name,
        lab.scene(
          { ...this.#calls(task), ...scripts[task.name] },
          { flow: 'podcast', domain, fields: { id, request_id: this.requestId } },
        ),
      );
    }
    this.parent = lab.scene(
      {
        pullRequest: (_requestId, ids) => {
          const listed = this.list();
          const asked = ids
            .filter((id) => !listed.some((task) => task.id === id))
            .map((id) => this.tasks.find((task) => task.id === id)!);
          const live = asked.filter(({ status }) => status !== 'deleted');
          return {
            tasks: [...listed, ...live.map((task) => this.describe(task))],
            gone: asked.filter((task) => !live.includes(task)).map(({ id }) => id),
          };
        },
      },
      { flow: 'podcast-request', domain: 'none.test', fields: { request_id: this.requestId } },
    );
  }

  get released(): boolean {
    return this.tasks.some((task) => isMain(task.name) && task.status === 'completed');
  }

  describe({ name, id, domain }: BookedTask): WaitingPodcast {
    const main = isMain(name);
    return { id, domain, main, hasFeed: !main && this.released };
  }

  /** What a pull gives. */
  list(): WaitingPodcast[] {
    const isListed = ({ name }: BookedTask) => !this.withholds || this.released || isMain(name);
    return this.tasks.filter((task) => task.status === 'pending' && isListed(task)).map((task) => this.describe(task));
  }

  task(name: string): BookedTask {
    return this.tasks.find((task) => task.name === name)!;
  }

  /** A pull of the dispatcher's. */
  dispatch(
    tasks = this.list(),
    options = { mainWaitMs: 24 * 3_600_000, atOnce: 2 },
  ): Promise<'started' | 'open' | 'waiting'> {
    return startPodcast(this.#lab.client, this.requestId, tasks, options);
  }

  #calls(task: BookedTask): Script {
    const move = (from: BookedTask['status'], to: BookedTask['status']) => {
      if (task.status !== from) return { kind: 'refused' as const };
      task.status = to;
      return { kind: 'applied' as const };
    };
    return {
      readPodcastTask: () => {
        const { main, hasFeed } = this.describe(task);
        if (!main && !hasFeed) return { kind: 'left', reason: 'no feed' };
        const fields = {
          id: task.id,
          request_id: this.requestId,
          domain: task.domain,
          email: 'brand@mail.test',
          username: 'brand',
          password: 'Password-1',
          link_rss: hasFeed ? feedUrl : '',
        };
        return { kind: 'task', task: { ...podcastTask.parse(fields), main } };
      },
      startTask: () => (task.status === 'running' ? { kind: 'applied' } : move('pending', 'running')),
      completeTask: () => move('running', 'completed'),
      failTask: () => move('running', this.#retries-- > 0 ? 'pending' : 'failed'),
      checkFeed: () => ({ title: 'Brand', ownerEmail: 'brand@mail.test' }),
    };
  }
}
