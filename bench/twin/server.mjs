// The previous server's kind of program: Express 5 and drizzle, the same writes and texts for an enquiry, and a poll
// of 15 s for deadlines. Only for `bench intake --twin`. Its tables are in bench/sql/previous_server.sql.

import { randomUUID } from "node:crypto";
import { and, asc, eq, gt, lte } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgSchema, text, timestamp } from "drizzle-orm/pg-core";
import express from "express";
import pg from "pg";

const previous = pgSchema("previous");
const when = (name) => timestamp(name, { withTimezone: true });
const salesQueue = previous.table("sales_queue", {
  salesId: text("sales_id").primaryKey(),
  queueOrder: integer("queue_order").notNull(),
  label: text("label").notNull(),
  phone: text("phone").notNull(),
});
const lead = previous.table("lead", {
  id: text("id").primaryKey(),
  name: text("name"),
  phone: text("phone").notNull(),
  sourceAds: text("source_ads"),
  status: text("status").notNull(),
  progress: text("progress").notNull(),
  ownerSalesId: text("owner_sales_id"),
  createdAt: when("created_at").notNull(),
  updatedAt: when("updated_at").notNull(),
});
const cycle = previous.table("distribution_cycle", {
  id: text("id").primaryKey(),
  leadId: text("lead_id").notNull(),
  status: text("status").notNull(),
  startedAt: when("started_at").notNull(),
  closedAt: when("closed_at"),
});
const attempt = previous.table("distribution_attempt", {
  id: text("id").primaryKey(),
  cycleId: text("cycle_id").notNull(),
  salesId: text("sales_id").notNull(),
  queueOrder: integer("queue_order").notNull(),
  status: text("status").notNull(),
  assignedAt: when("assigned_at").notNull(),
  ackDeadlineAt: when("ack_deadline_at").notNull(),
});
const waMessage = previous.table("wa_message", {
  id: text("id").primaryKey(),
  leadId: text("lead_id"),
  direction: text("direction").notNull(),
  fromWa: text("from_wa"),
  toWa: text("to_wa"),
  body: text("body").notNull(),
  createdAt: when("created_at").notNull(),
});

const OUR_NUMBER = "+620000000000";
const AUTO_REPLY = "Harap menunggu agent professional akan menhubungi anda";
const WINDOW_MS = 5 * 60 * 1000;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const db = drizzle(pool);

/** Offers the lead to the next agent of the queue, or ends the cycle. */
async function offerNext(tx, cycleId, after, now) {
  const [next] = await tx
    .select()
    .from(salesQueue)
    .where(gt(salesQueue.queueOrder, after))
    .orderBy(asc(salesQueue.queueOrder))
    .limit(1);
  if (!next) {
    await tx.update(cycle).set({ status: "hangus", closedAt: now }).where(eq(cycle.id, cycleId));
    return;
  }
  await tx.insert(attempt).values({
    id: randomUUID(),
    cycleId,
    salesId: next.salesId,
    queueOrder: next.queueOrder,
    status: "waiting_ok",
    assignedAt: now,
    ackDeadlineAt: new Date(now.getTime() + WINDOW_MS),
  });
}

async function enquiry({ clientWa, body, clientName, sourceAds }) {
  const phone = clientWa.startsWith("0") ? `+62${clientWa.slice(1)}` : clientWa;
  const now = new Date();
  return db.transaction(async (tx) => {
    let [found] = await tx.select().from(lead).where(eq(lead.phone, phone));
    if (!found) {
      const status = { status: "new", progress: "pending", createdAt: now, updatedAt: now };
      [found] = await tx
        .insert(lead)
        .values({ id: randomUUID(), name: clientName, phone, sourceAds, ...status })
        .returning();
    }
    const message = (direction, fromWa, toWa, words) =>
      tx.insert(waMessage).values({
        id: randomUUID(),
        leadId: found.id,
        direction,
        fromWa,
        toWa,
        body: words,
        createdAt: now,
      });
    await message("in", phone, OUR_NUMBER, body);
    const cycleId = randomUUID();
    await tx
      .insert(cycle)
      .values({ id: cycleId, leadId: found.id, status: "active", startedAt: now });
    await offerNext(tx, cycleId, 0, now);
    await message("out", OUR_NUMBER, phone, AUTO_REPLY);
    return { leadId: found.id, cycleId };
  });
}

/** The worker of the previous server: a look at the deadlines every 15 seconds. */
async function runTimeouts() {
  const now = new Date();
  const due = await db
    .select()
    .from(attempt)
    .where(and(eq(attempt.status, "waiting_ok"), lte(attempt.ackDeadlineAt, now)));
  for (const one of due) {
    await db.transaction(async (tx) => {
      await tx.update(attempt).set({ status: "timeout" }).where(eq(attempt.id, one.id));
      await offerNext(tx, one.cycleId, one.queueOrder, now);
    });
  }
}

const app = express();
app.use(express.json());
app.get("/health", (_, response) => response.json({ ok: true }));
app.post("/webhooks/whatsapp/dummy/client-message", async (request, response) => {
  response.json(await enquiry(request.body));
});
setInterval(() => runTimeouts().catch(console.error), 15_000);
app.listen(Number(process.env.PORT));
