/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to the known answers of tests/vectors. */
#ifndef KAT_H
#define KAT_H

#include "unit.h"

struct kat_field {
	const char *name;
	const uint8_t *octets;
	size_t len;
};

struct kat {
	const char *name;
	const char *algorithms[5];
	const struct kat_field *fields;
};

#include "kat-data.h"

#define KAT_COUNT(table) (sizeof(table) / sizeof(*(table)))

/* The field, failing the test if there is none; or an empty one. */
static inline struct kat_field kat_find(const struct kat *kat, const char *name)
{
	for (const struct kat_field *f = kat->fields; f->name; f++) {
		if (!strcmp(f->name, name)) {
			return *f;
		}
	}
	return (struct kat_field){ name, NULL, 0 };
}

static inline struct kat_field kat_get(const struct kat *kat, const char *name)
{
	struct kat_field field = kat_find(kat, name);

	if (!field.octets) {
		fail_msg("%s: no field %s", kat->name, name);
	}
	return field;
}

/* got must be the field's octets. */
static inline void kat_same(const struct kat *kat, const char *name, const void *got, size_t len)
{
	struct kat_field want = kat_get(kat, name);

	if (want.len != len || memcmp(want.octets, got, len)) {
		fail_msg("%s: %s differs", kat->name, name);
	}
}

#endif
