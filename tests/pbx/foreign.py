# SPDX-License-Identifier: GPL-2.0-only
"""A module of another maker, built where the tests are and loaded by a PBX."""
import os
import subprocess

# What each module begins with.
BEGINNING = """\
#include "asterisk.h"
#include "asterisk/channel.h"
#include "asterisk/lock.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/rtp_engine.h"

/* With a reference. */
static inline struct ast_rtp_instance *rtp_of(struct ast_channel *chan)
{
	struct ast_rtp_instance *instance = NULL;

	ast_channel_lock(chan);
	ast_rtp_instance_get_glue(ast_channel_tech(chan)->type)->get_rtp_info(chan, &instance);
	ast_channel_unlock(chan);

	return instance;
}
"""
# For one that has the end of a call wait for a report of RTCP of another call, while it has the lock that the report waits for.
STOP_WAITS = """
static void *stop(void *instance) { ast_rtp_instance_stop(instance); return NULL; }
/* That of another instance, in a thread. The lock of this one is held then. */
static struct ast_rtp_instance *stop_another(struct ast_rtp_instance *instance, pthread_t *thread)
{
	struct ast_rtp_instance *other;
	struct ast_sockaddr address;

	ast_sockaddr_parse(&address, "127.0.0.1:0", 0);
	other = ast_rtp_instance_new("zrtp/stock", NULL, &address, NULL);
	ao2_lock(instance);
	usleep(1500000);
	pthread_create(thread, NULL, stop, other);
	usleep(300000);

	return other;
}
"""
# What each module ends with.
INFO = """
AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "of another maker", .support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module, .unload = unload_module);
"""


class Module:
    """Use as a context manager, with a PBX that runs. text: load_module(), unload_module() and what they need."""

    def __init__(self, pbx, name, text):
        self.pbx = pbx
        self.name = name
        self.path = f"{pbx.folder('astmoddir')}/{name}.so"
        with open(pbx.file(f"{name}.c"), "w") as source:
            source.write(BEGINNING + text + INFO)

    def __enter__(self):
        subprocess.run(["chroot", self.pbx.root, "gcc", "-std=gnu11", "-shared", "-fPIC", "-D_GNU_SOURCE",
                        f'-DAST_MODULE="{self.name}"', f"-DAST_MODULE_SELF_SYM=__internal_{self.name}_self",
                        "-o", self.path, f"{self.pbx.home}/{self.name}.c"], check=True)
        return self

    def load(self):
        said = self.pbx.cli(f"module load {self.name}.so")
        if f"Loaded {self.name}" not in said:
            raise AssertionError(f"{self.name}.so: {said}")

    def __exit__(self, *_):
        os.remove(self.pbx.root + self.path)
