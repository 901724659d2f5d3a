/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The live table: a row of JSON for each channel, and the last alerts, each with the number of its change.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/lock.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "json_text.h"
#include "rows.h"

#define BUCKETS 1021
#define ALERTS 50
/*! Channels that are gone, and that a page may still have. One that is further behind gets all again. */
#define GONE 256

struct row {
	char *json;
	uint64_t change;
	char id[];
};

struct gone {
	char id[AST_MAX_UNIQUEID];
	uint64_t change;
};

/*! Guards what follows. */
AST_MUTEX_DEFINE_STATIC(lock);
static struct ao2_container *rows;
static struct gone gone[GONE];    /*!< Of change n is at n's place among them */
static uint64_t gone_count;       /*!< Ever */
static uint64_t horizon;          /*!< What a page before this change has missed is not known */
static uint64_t changes;
static int complete;
static struct { char *json; uint64_t change; } alerts[ALERTS];
static uint64_t alert_count, enrolled;
static unsigned int turn;

static int row_hash(const void *obj, int flags)
{
	return ast_str_hash(flags & OBJ_SEARCH_KEY ? obj : ((const struct row *) obj)->id);
}

static int row_cmp(void *obj, void *arg, int flags)
{
	return strcmp(((struct row *) obj)->id, flags & OBJ_SEARCH_KEY ? arg : ((struct row *) arg)->id) ? 0 : CMP_MATCH;
}

static void row_destroy(void *data)
{
	ast_free(((struct row *) data)->json);
}

static struct row *row_new(const char *id)
{
	struct row *row = ao2_alloc_options(sizeof(*row) + strlen(id) + 1, row_destroy, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (row) {
		strcpy(row->id, id); /* Safe */
		ao2_link(rows, row);
	}

	return row;
}

int rows_put(const char *id, const char *json)
{
	struct row *row;
	char *copy;
	int changed = 0;

	ast_mutex_lock(&lock);
	row = ao2_find(rows, id, OBJ_SEARCH_KEY);
	if (!row || !row->json || strcmp(row->json, json)) {
		copy = ast_strdup(json);
		row = copy && !row ? row_new(id) : row;
		if (copy && row) {
			ast_free(row->json);
			row->json = copy;
			row->change = ++changes;
			changed = 1;
		} else {
			ast_free(copy);
		}
	}
	ast_mutex_unlock(&lock);
	ao2_cleanup(row);

	return changed;
}

int rows_remove(const char *id)
{
	struct gone *place;
	struct row *row;

	ast_mutex_lock(&lock);
	row = ao2_find(rows, id, OBJ_SEARCH_KEY | OBJ_UNLINK);
	if (row) {
		place = &gone[gone_count++ % GONE];
		horizon = place->change > horizon ? place->change : horizon;
		ast_copy_string(place->id, id, sizeof(place->id));
		place->change = ++changes;
	}
	ast_mutex_unlock(&lock);
	ao2_cleanup(row);

	return row != NULL;
}

void rows_clear(void)
{
	ast_mutex_lock(&lock);
	ao2_callback(rows, OBJ_UNLINK | OBJ_NODATA | OBJ_MULTIPLE, NULL, NULL);
	horizon = ++changes;
	complete = 0;
	ast_mutex_unlock(&lock);
}

void rows_complete(void)
{
	ast_mutex_lock(&lock);
	complete = 1;
	ast_mutex_unlock(&lock);
}

void rows_some(int count, void (*each)(const char *id))
{
	struct ao2_iterator i;
	struct row *row;
	/* Asked once: as the last page closes they may all go at any moment. */
	unsigned int at = 0, total = ao2_container_count(rows);

	if (!total) {
		return;
	}
	turn %= total;
	i = ao2_iterator_init(rows, 0);
	for (; count && (row = ao2_iterator_next(&i)); ao2_ref(row, -1), at++) {
		if (at >= turn) {
			each(row->id);
			count--;
		}
	}
	ao2_iterator_destroy(&i);
	turn = count ? 0 : at;
}

void rows_alert(const char *json)
{
	char *copy = ast_strdup(json);

	if (!copy) {
		return;
	}
	ast_mutex_lock(&lock);
	ast_free(alerts[alert_count % ALERTS].json);
	alerts[alert_count % ALERTS].json = copy;
	alerts[alert_count % ALERTS].change = ++changes;
	alert_count++;
	ast_mutex_unlock(&lock);
}

void rows_enrolled(void)
{
	ast_mutex_lock(&lock);
	enrolled = ++changes;
	ast_mutex_unlock(&lock);
}

/*! \brief The channels that are gone since, as a list of JSON: the name of one is chosen by what originates it. */
static void append_gone(uint64_t since, struct ast_str **out)
{
	struct ast_json *list = ast_json_array_create();
	char *text;
	uint64_t n;

	for (n = gone_count > GONE ? gone_count - GONE : 0; list && since >= horizon && n < gone_count; n++) {
		if (gone[n % GONE].change > since) {
			ast_json_array_append(list, json_text(gone[n % GONE].id));
		}
	}
	text = list ? ast_json_dump_string(list) : NULL;
	ast_str_append(out, 0, "%s", S_OR(text, "[]"));
	ast_json_free(text);
	ast_json_unref(list);
}

static void append_rows(uint64_t since, struct ast_str **out)
{
	struct ao2_iterator i = ao2_iterator_init(rows, 0);
	const char *comma = "";
	struct row *row;

	ast_str_append(out, 0, "event: calls\ndata: {\"full\":%s,\"rows\":[", since < horizon || !since ? "true" : "false");
	for (; (row = ao2_iterator_next(&i)); ao2_ref(row, -1)) {
		if (row->change > since || since < horizon) {
			ast_str_append(out, 0, "%s%s", comma, row->json);
			comma = ",";
		}
	}
	ao2_iterator_destroy(&i);
	ast_str_append(out, 0, "],\"gone\":");
	append_gone(since, out);
	ast_str_append(out, 0, "}\n\n");
}

static void append_alerts(uint64_t since, struct ast_str **out)
{
	uint64_t n;

	for (n = alert_count > ALERTS ? alert_count - ALERTS : 0; n < alert_count; n++) {
		if (alerts[n % ALERTS].change > since) {
			ast_str_append(out, 0, "event: alert\ndata: %s\n\n", alerts[n % ALERTS].json);
		}
	}
}

void rows_since(struct rows_seen *seen, int list, struct ast_str **out)
{
	ast_mutex_lock(&lock);
	if (complete && (changes > seen->rows || !seen->rows)) {
		append_rows(seen->rows, out);
		seen->rows = changes;
		append_alerts(seen->alerts, out);
		seen->alerts = changes;
		if (list && enrolled > seen->enrolled) {
			ast_str_append(out, 0, "event: enrolled\ndata: {}\n\n");
		}
		seen->enrolled = changes;
	}
	ast_mutex_unlock(&lock);
}

int rows_init(void)
{
	rows = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, row_hash, NULL, row_cmp);
	changes = 1;

	return rows ? 0 : -1;
}

void rows_shutdown(void)
{
	size_t i;

	ast_mutex_lock(&lock);
	for (i = 0; i < ALERTS; i++) {
		ast_free(alerts[i].json);
		alerts[i].json = NULL;
		alerts[i].change = 0;
	}
	memset(gone, 0, sizeof(gone));
	gone_count = alert_count = enrolled = horizon = 0;
	complete = 0;
	ast_mutex_unlock(&lock);
	ao2_cleanup(rows);
	rows = NULL;
}
