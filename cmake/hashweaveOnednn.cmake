# hashweave::onednn: hashweave with products by oneDNN among its engines. Defined only where oneDNN is found.
# (oneDNN's own package file asks for OpenCL's headers besides, which are not needed here.)
find_path(HASHWEAVE_ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(HASHWEAVE_ONEDNN_LIBRARY NAMES dnnl)
mark_as_advanced(HASHWEAVE_ONEDNN_INCLUDE_DIR HASHWEAVE_ONEDNN_LIBRARY)
if(HASHWEAVE_ONEDNN_INCLUDE_DIR AND HASHWEAVE_ONEDNN_LIBRARY AND NOT TARGET hashweave::onednn)
  add_library(hashweave::onednn INTERFACE IMPORTED GLOBAL)
  set_target_properties(hashweave::onednn PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${HASHWEAVE_ONEDNN_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS HASHWEAVE_HAS_ONEDNN
    INTERFACE_LINK_LIBRARIES "hashweave::hashweave;${HASHWEAVE_ONEDNN_LIBRARY};${CMAKE_DL_LIBS}")
endif()
