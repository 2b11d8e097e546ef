#!/usr/bin/env python3
"""Writes the files of faiss_binary/ with FAISS itself. Needs numpy and faiss-cpu (they were made by 1.15.1)."""
import pathlib

import faiss
import numpy as np

faiss.omp_set_num_threads(1)
at = pathlib.Path(__file__).parent / "faiss_binary"
at.mkdir(exist_ok=True)


def codes(n, bits):
    """Byte j of code i: (37 i + 11 j + 5) mod 256."""
    i, j = np.mgrid[:n, :bits // 8]
    return ((37 * i + 11 * j + 5) % 256).astype("u1")


def write(name, index, n=0, ids=None):
    if n and ids is None:
        index.add(codes(n, index.d))
    elif n:
        index.add_with_ids(codes(n, index.d), np.array(ids, "<i8"))
    faiss.write_index_binary(index, str(at / name))
    return index


def ivf(bits, lists, quantizer=None):
    quantizer = quantizer or faiss.IndexBinaryFlat(bits)
    index = faiss.IndexBinaryIVF(quantizer, bits, lists)
    index.keep = quantizer
    index.train(codes(200, bits))
    return index


write("flat.faiss", faiss.IndexBinaryFlat(32), 3)
write("flat_empty.faiss", faiss.IndexBinaryFlat(256))
write("idmap.faiss", faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(32)), 3, [5, -3, 2**40])
write("idmap2.faiss", faiss.IndexBinaryIDMap2(faiss.IndexBinaryFlat(32)), 3, [5, -3, 2**40])
write("hnsw.faiss", faiss.IndexBinaryHNSW(16, 2), 12)
write("hnsw_empty.faiss", faiss.IndexBinaryHNSW(16, 2))
write("idmap2_hnsw.faiss", faiss.IndexBinaryIDMap2(faiss.IndexBinaryHNSW(16, 2)), 4, [9, 8, 7, 6])
write("ivf_full.faiss", ivf(16, 2), 12, range(100, 88, -1))
write("ivf_sparse.faiss", ivf(16, 8), 2)
write("ivf_graph.faiss", ivf(16, 3, faiss.IndexBinaryHNSW(16, 2)), 5)
index = write("ivf_array.faiss", ivf(16, 4), 6)
for name, kind in (("ivf_array.faiss", faiss.DirectMap.Array), ("ivf_hash.faiss", faiss.DirectMap.Hashtable)):
    index.set_direct_map_type(kind)
    write(name, index)
quantizer = faiss.IndexBinaryFlat(16)
write("ivf_untrained.faiss", faiss.IndexBinaryIVF(quantizer, 16, 4))
write("hash.faiss", faiss.IndexBinaryHash(16, 8), 3)
