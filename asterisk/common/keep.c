/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Modules that must stay in memory.
 *
 * The loader asks a module's unload() even when it is forced, by way of the
 * struct ast_module_info that AST_MODULE_INFO puts among the module's data. While
 * we rest on a module, that asks us instead. There is no function that leads from
 * the name of a module to this structure, so it is looked for among the data of
 * the library: all that it points to has to lie in the same library.
 */

#include "asterisk.h"

#include <dlfcn.h>
#include <link.h>

#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/paths.h"
#include "asterisk/strings.h"

#include "keep.h"

/*! How long unload() waits for code that is about to end, and how often it looks, milliseconds. */
#define DRAIN_MAX 1000
#define DRAIN_STEP 10
/*! When the loader has done what it does after a refusal, milliseconds. */
#define AFTER 200
#define KEPT_MAX 8

/*! Guarded by the loader's lock, under which load(), unload() and seen() run. */
static void *self;             /*!< A handle on this module, after it has refused to unload */
static int self_stays;         /*!< It was forced out, and is in memory for good */
static int looking;            /*!< A thread sees what the loader made of a refusal */
static struct kept *all[KEPT_MAX];

/*! What is known of a library while it is searched. */
struct search {
	const struct link_map *map;
	const char *name;
	struct ast_module_info *found;
};

/*! \brief Do size octets at an address lie in a segment with these permissions? */
static int lies_in(const struct dl_phdr_info *object, const void *address, size_t size, ElfW(Word) flags)
{
	ElfW(Addr) at = (ElfW(Addr)) address;
	int i;

	for (i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		ElfW(Addr) start = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && (segment->p_flags & flags) == flags && at >= start
			&& at - start <= segment->p_memsz && segment->p_memsz - (at - start) >= size) {
			return 1;
		}
	}

	return 0;
}

static int is_info(const struct dl_phdr_info *object, const struct ast_module_info *info, const char *name)
{
	return info->self && lies_in(object, info->name, strlen(name) + 1, PF_R) && !strcmp(info->name, name)
		&& lies_in(object, info->load, 1, PF_X) && lies_in(object, info->unload, 1, PF_X);
}

static void search_segment(struct search *search, const struct dl_phdr_info *object, const ElfW(Phdr) *segment)
{
	const char *start = (const char *) (object->dlpi_addr + segment->p_vaddr);
	const char *end = start + segment->p_memsz;
	const char *at;

	for (at = start + (-(uintptr_t) start & (sizeof(void *) - 1));
		!search->found && at + sizeof(struct ast_module_info) <= end; at += sizeof(void *)) {
		if (is_info(object, (const struct ast_module_info *) at, search->name)) {
			search->found = (struct ast_module_info *) at;
		}
	}
}

static int search_object(struct dl_phdr_info *object, attribute_unused size_t size, void *data)
{
	struct search *search = data;
	int i;

	if (object->dlpi_addr != search->map->l_addr || strcmp(object->dlpi_name, search->map->l_name)) {
		return 0;
	}
	for (i = 0; i < object->dlpi_phnum; i++) {
		if (object->dlpi_phdr[i].p_type == PT_LOAD && (object->dlpi_phdr[i].p_flags & PF_W)) {
			search_segment(search, object, &object->dlpi_phdr[i]);
		}
	}

	return 1;
}

static struct ast_module_info *find_info(void *lib, const char *name)
{
	struct search search = { .name = name };

	if (dlinfo(lib, RTLD_DI_LINKMAP, &search.map)) {
		return NULL;
	}
	dl_iterate_phdr(search_object, &search);

	return search.found;
}

/*! \brief A handle on a module that is in memory. \param more RTLD_NODELETE: for good */
static void *open_library(const char *name, int more)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.so", ast_config_AST_MODULE_DIR, name);

	return dlopen(path, RTLD_LAZY | RTLD_NOLOAD | more);
}

/*! \brief The loader went on in spite of a refusal: whatever else it closes, the code stays. */
static void stay(const char *name, const char *advice)
{
	void *lib = open_library(name, RTLD_NODELETE);

	if (lib) {
		dlclose(lib);
	}
	ast_log(LOG_ERROR, "Module %s.so was in use when its unloading was forced. Its code goes on%s; "
		"only a restart of Asterisk replaces it\n", name, advice);
}

static int is_module(const char *module, const char *name)
{
	return !strncmp(module, name, strlen(name)) && !strcmp(module + strlen(name), ".so");
}

/*! \brief What became of a module that has refused? The loader's lock is held. */
static int seen(const char *module, attribute_unused const char *description, attribute_unused int usecnt,
	const char *status, attribute_unused const char *like, attribute_unused enum ast_module_support_level level)
{
	int running = !strcmp(status, "Running");
	int i;

	if (self && is_module(module, AST_MODULE)) {
		if (running) {
			dlclose(self);
			self = NULL;
		} else if (!self_stays) {
			self_stays = 1;
			stay(AST_MODULE, ", and \"module load " AST_MODULE ".so\" takes it up again");
		}
	}
	for (i = 0; i < KEPT_MAX; i++) {
		if (all[i] && !all[i]->stays && !running && is_module(module, all[i]->name)) {
			all[i]->stays = 1;
			stay(all[i]->name, "");
		}
	}

	return 0;
}

static void *look(attribute_unused void *data)
{
	usleep(AFTER * 1000);
	ast_update_module_list(seen, "");
	__atomic_store_n(&looking, 0, __ATOMIC_RELEASE);

	return NULL;
}

static void look_soon(void)
{
	pthread_t thread;

	if (ast_shutting_down()) {
		return;
	}
	if (!__atomic_exchange_n(&looking, 1, __ATOMIC_ACQ_REL)
		&& ast_pthread_create_detached_background(&thread, NULL, look, NULL)) {
		__atomic_store_n(&looking, 0, __ATOMIC_RELEASE);
	}
}

/*! \brief In the place of the unload() of a module that is kept. */
static int refuse(void)
{
	ast_log(LOG_WARNING, AST_MODULE ".so depends on this module: unload  " AST_MODULE ".so first\n");
	look_soon();

	return -1;
}

/*! \brief Put one pointer in the place of another one. \retval -1 it is not there */
static int put_in_list(struct kept *former, struct kept *kept)
{
	int i;

	for (i = 0; i < KEPT_MAX; i++) {
		if (all[i] == former) {
			all[i] = kept;
			return 0;
		}
	}

	return -1;
}

int keep_module(struct kept *kept, const char *name)
{
	kept->name = name;
	kept->lib = open_library(name, 0);
	kept->info = kept->lib ? find_info(kept->lib, name) : NULL;
	if (!kept->info || put_in_list(NULL, kept)) {
		ast_log(LOG_ERROR, "Module %s.so is %s: this module cannot prevent that it is unloaded by force, and does "
			"not load\n", name,
			kept->lib ? "not built as the modules of this Asterisk are" : "not found");
		if (kept->lib) {
			dlclose(kept->lib);
			kept->lib = NULL;
		}
		return -1;
	}
	kept->unload = kept->info->unload;
	kept->info->unload = refuse;

	return 0;
}

void keep_release(struct kept *kept)
{
	if (kept->lib) {
		put_in_list(kept, NULL);
		kept->info->unload = kept->unload;
		dlclose(kept->lib);
		memset(kept, 0, sizeof(*kept));
	}
}

/*! What our_count() found. Guarded as above. */
static int count;

static int our_count(const char *module, attribute_unused const char *description, int usecnt,
	attribute_unused const char *status, attribute_unused const char *like,
	attribute_unused enum ast_module_support_level level)
{
	if (is_module(module, AST_MODULE)) {
		count = usecnt;
	}

	return 0;
}

static int in_use(int (*busy)(void))
{
	count = 0;
	ast_update_module_list(our_count, "");

	return count > 0 || __atomic_load_n(&looking, __ATOMIC_ACQUIRE) || (busy && busy());
}

int keep_in_use(int (*busy)(void))
{
	int waited;

	for (waited = 0; in_use(busy) && waited < DRAIN_MAX; waited += DRAIN_STEP) {
		usleep(DRAIN_STEP * 1000);
	}
	if (!in_use(busy)) {
		return 0;
	}
	ast_log(LOG_WARNING, AST_MODULE ".so is in use, not unloaded: end its calls first\n");
	if (!self) {
		self = open_library(AST_MODULE, 0);
	}
	look_soon();

	return 1;
}

int keep_taken_up(void)
{
	if (!self) {
		return 0;
	}
	/* The loader closed its handle and has ours from now on. */
	self = NULL;
	self_stays = 0;
	ast_log(LOG_NOTICE, AST_MODULE ".so was unloaded by force while it was in use: its code stays in memory and "
		"goes on\n");

	return 1;
}
