import { stream } from "../../core/random.ts";
import { oldestFirst } from "../dates.ts";
import type { Task } from "../task.ts";
import { fill } from "../template.ts";
import type { Example, ProfileItem, QueryId, UserId } from "../types.ts";
import type { Post } from "./posts.ts";

/** One user's eight posts to look at, oldest first, and the one held out. */
export interface Held {
  readonly user: string;
  readonly profile: readonly Post[];
  readonly post: Post;
}

export interface HoldOptions {
  /**
   * `ninth`: Appendix E to the letter: the eight newest posts are the profile, the ninth newest is held out, so the query
   * is *older* than its profile. `newest`: the newest is held out and the eight before it are the profile, as a model in
   * use would meet it.
   */
  readonly holdOut: "ninth" | "newest";
  /** Users at most, drawn by the seed (paper: 1,000). */
  readonly users: number;
  readonly seed: number;
}

/** Posts of the profile. */
const PROFILE = 8;

/** Users with nine posts or more, each with one post held out; the order of users is that of their names. */
export function holdOut(posts: readonly Post[], options: HoldOptions): { held: Held[]; tooFew: number } {
  const byUser = new Map<string, Post[]>();
  for (const post of posts) {
    const own = byUser.get(post.user);
    if (own === undefined) byUser.set(post.user, [post]);
    else own.push(post);
  }
  const enough = [...byUser].filter(([, own]) => own.length > PROFILE).sort(([a], [b]) => (a < b ? -1 : 1));
  const drawn =
    enough.length <= options.users
      ? enough
      : stream(options.seed, "dianping", "users")
          .shuffle(enough)
          .slice(0, options.users)
          .sort(([a], [b]) => (a < b ? -1 : 1));
  const held = drawn.flatMap(([user, own]) => {
    const newest = oldestFirst(own).slice(-(PROFILE + 1));
    const [first, ...later] = newest;
    const last = later.at(-1);
    if (first === undefined || last === undefined) return [];
    return options.holdOut === "ninth"
      ? [{ user, profile: later, post: first }]
      : [{ user, profile: newest.slice(0, -1), post: last }];
  });
  return { held, tooFew: byUser.size - enough.length };
}

/**
 * The task's query of one user, in the words of its task file. `neutral`: Paraph's rewriting of the held-out content, which
 * the other tasks don't look at.
 */
export function toExample(task: Task, { user, profile, post }: Held, neutral = ""): Example {
  const values: Readonly<Record<string, string>> = { title: post.title, content: post.content, neutral };
  return {
    task: task.name,
    id: post.id as QueryId,
    user: user as UserId,
    input: fill(task.prompt ?? "", (name) => values[name]),
    gold: values[task.record?.gold ?? ""] ?? null,
    profile: profile.map(toItem),
    date: post.date,
  };
}

const toItem = ({ id, title, content, date }: Post): ProfileItem => ({ id, date, fields: { title, content } });
