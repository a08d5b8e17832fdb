# Writes a Lua script as C: cmake -DSCRIPT=x.lua -DOUTPUT=x.c -P embed.cmake
file(READ ${SCRIPT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes
  "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(SHA1 ${SCRIPT} sha1)
file(WRITE ${OUTPUT} "#include \"quota/redis/script.h\"

static const char text[] = {
${bytes}
};

const struct script script_charge = {
    { text, sizeof(text) }, STR_INIT(\"${sha1}\")
};
")
