/*
 * Random numbers for programs that run under a Wine older than version 9, which has no bcryptprimitives.dll: the
 * standard library of Rust takes them from its only export and would not even load. For tests under Wine; a Windows
 * has its own, and no release has this.
 */
#include <limits.h>
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    while (size > 0) {
        ULONG part = size < INT_MAX ? (ULONG)size : INT_MAX;

        if (!RtlGenRandom(data, part))
            return FALSE;
        data += part;
        size -= part;
    }
    return TRUE;
}
