/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Functions as they travel between ranks. The same executable lies at another address in each
 * process, so a function is sent as the build id of the module that holds it (the executable or
 * a shared library) and its offset there. The build id is the linker's GNU note; a module
 * without one is known by a hash of its code, which says the same at the cost of reading it.
 */
#include "internal.h"

#include <elf.h>
#include <link.h>
#include <string.h>

static uintptr_t segment_start(const struct dl_phdr_info *module, int i)
{
    return module->dlpi_addr + module->dlpi_phdr[i].p_vaddr;
}

/* 0 when the segment holds no build id. */
static uint64_t build_id_in_notes(const char *note, size_t size)
{
    const char *end = note + size;
    while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) header;
        memcpy(&header, note, sizeof header);
        const char *name = note + sizeof header;
        size_t name_size = ((size_t)header.n_namesz + 3) / 4 * 4;
        size_t data_size = ((size_t)header.n_descsz + 3) / 4 * 4;
        if (name_size + data_size > (size_t)(end - name))
            break;
        const char *data = name + name_size;
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
            return tri__hash(0, data, header.n_descsz);
        note = data + data_size;
    }
    return 0;
}

static uint64_t module_id(const struct dl_phdr_info *module)
{
    uint64_t id = 0, code = 0;
    for (int i = 0; i < module->dlpi_phnum && id == 0; i++)
        if (module->dlpi_phdr[i].p_type == PT_NOTE)
            id = build_id_in_notes((const char *)segment_start(module, i),
                                   module->dlpi_phdr[i].p_memsz);
    for (int i = 0; i < module->dlpi_phnum && id == 0; i++)
        if (module->dlpi_phdr[i].p_type == PT_LOAD && (module->dlpi_phdr[i].p_flags & PF_X))
            code = tri__hash(code, (const void *)segment_start(module, i),
                             module->dlpi_phdr[i].p_filesz);
    return id ? id : code;
}

static bool module_holds(const struct dl_phdr_info *module, uintptr_t address)
{
    for (int i = 0; i < module->dlpi_phnum; i++)
        if (module->dlpi_phdr[i].p_type == PT_LOAD &&
            address - segment_start(module, i) < module->dlpi_phdr[i].p_memsz)
            return true;
    return false;
}

static int visit_for_address(struct dl_phdr_info *module, size_t size, void *data)
{
    (void)size;
    struct tri__address *address = data;
    if (!module_holds(module, address->offset))
        return 0;
    address->offset -= module->dlpi_addr;
    address->module = module_id(module);
    return 1;
}

int tri__address_of(tri_kernel *function, struct tri__address *address)
{
    address->offset = (uintptr_t)function;
    if (dl_iterate_phdr(visit_for_address, address) == 0)
        return tri_fail(TRI_EINVAL, "the kernel is not in the executable or a shared library");
    return 0;
}

static int visit_for_function(struct dl_phdr_info *module, size_t size, void *data)
{
    (void)size;
    struct tri__address *address = data;
    if (module_id(module) != address->module ||
        !module_holds(module, module->dlpi_addr + address->offset))
        return 0;
    address->offset += module->dlpi_addr;
    return 1;
}

tri_kernel *tri__address_function(struct tri__address address)
{
    if (dl_iterate_phdr(visit_for_function, &address) == 0)
        return NULL;
    return (tri_kernel *)(uintptr_t)address.offset;
}

/* The executable is the first module that dl_iterate_phdr visits. */
static int visit_for_build(struct dl_phdr_info *module, size_t size, void *data)
{
    (void)size;
    uint64_t *build = data, id;
    if (*build == 0 || module_holds(module, (uintptr_t)tri__build_id)) {
        id = module_id(module);
        *build = tri__hash(*build, &id, sizeof id);
    }
    return 0;
}

uint64_t tri__build_id(void)
{
    uint64_t build = 0;
    dl_iterate_phdr(visit_for_build, &build);
    return build;
}
