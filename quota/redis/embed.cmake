# Writes a Lua script, joined of its parts, as C, as a struct script of some
# name:
#   cmake "-DSCRIPT=x.lua;y.lua" -DNAME=script_x -DOUTPUT=x.c -P embed.cmake
set(text)
foreach(part ${SCRIPT})
  file(READ ${part} lines)
  string(APPEND text "${lines}")
endforeach()
set(joined ${OUTPUT}.lua)
file(WRITE ${joined} "${text}")
file(READ ${joined} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes
  "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(SHA1 ${joined} sha1)
file(WRITE ${OUTPUT} "#include \"quota/redis/script.h\"

extern const struct script ${NAME};

static const char text[] = {
${bytes}
};

const struct script ${NAME} = {
    { text, sizeof(text) }, STR_INIT(\"${sha1}\")
};
")
