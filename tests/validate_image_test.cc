#include <string>
#include <string_view>
#include <vector>

#include "berth/validate/image.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

std::string Hex(size_t count) { return std::string(count, 'a'); }

TEST(Image, AcceptsReferences) {
  const std::vector<std::string> texts = {
      "a",
      "0",
      "ubuntu",
      "ubuntu:22.04",
      "library/ubuntu",
      "user/repo:v1",
      "a/b/c/d",
      "a-b",
      "a--b",
      "a---b",
      "a_b",
      "a__b",
      "a.b",
      "a.b/c",
      "a-b_c.d__e",
      "a/b.c",
      "localhost/a",
      "localhost",
      "localhost:5000",
      "localhost:5000/a",
      "localhost:5000/a:b",
      "registry.example.com/team/app:1.2.3",
      "registry.example.com:5000/team/app",
      "REGISTRY.example.com/app",
      "Foo/bar",
      "FOO/bar:baz",
      "10.0.0.1/app",
      "10.0.0.1:5000/app:x",
      "1/a",
      "xn--n3h.com/myimage:xn--n3h.com",
      "a-b.example.com/c",
      "example.com:0/a",
      "example.com:99999/a",
      "[::1]/app",
      "[::1]:5000/app",
      "[2001:db8::1]:5000/team/app:tag",
      "[2001:DB8::1]/app",
      "[fe80:0:0:0:0:0:0:1]/app",
      "app:_tag",
      "app:Tag",
      "app:1",
      "app:a.b-c_d",
      "app:" + std::string(128, 't'),
      "app@sha256:" + Hex(64),
      "app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      "app@sha384:" + Hex(96),
      "app@sha512:" + Hex(128),
      "app:tag@sha256:" + Hex(64),
      "ghcr.io/team/app:tag@sha256:" + Hex(64),
      Hex(63),
      Hex(65),
      Hex(64) + ":tag",
      "a/" + Hex(64),
      "docker.io/ubuntu",
      "docker.io/library/ubuntu:latest",
      "index.docker.io/ubuntu",
      // 255 after normalisation.
      Hex(247),
      Hex(247) + ":tag",
      "docker.io/" + Hex(247),
      "index.docker.io/" + Hex(247),
      "quay.io/" + Hex(255),
      "a/" + Hex(253),
      "docker.io/a/" + Hex(253),
      std::string(300, 'h') + ".com/" + Hex(255),
  };
  for (const std::string& text : texts) EXPECT_EQ(CheckImage(text), "") << text;
}

TEST(Image, RefusesWhatTheKubeletWould) {
  const std::vector<std::string> texts = {
      "",
      " ",
      " ubuntu",
      "ubuntu ",
      "ubuntu\n",
      "\tubuntu",
      "ubuntu latest",
      "Ubuntu",
      "UBUNTU:22.04",
      "team/App",
      "a/B/c",
      "localhost/A",
      ":tag",
      "@sha256:" + Hex(64),
      "/a",
      "a/",
      "a//b",
      "/",
      "-a",
      "a-",
      "_a",
      "a_",
      "a___b",
      ".a",
      "a.",
      "a..b",
      "a.-b",
      "a-.b",
      "a_-b",
      "a._b",
      "a/-b",
      "a/b-/c",
      "a$b",
      "a\xC3\xA9",
      std::string("a\0b", 3),
      "https://example.com/a",
      "app:",
      "app:.tag",
      "app:-tag",
      "app:ta g",
      "app:tag:tag",
      "app:t/g",
      "app:t\xC3\xA9g",
      "app:" + std::string(129, 't'),
      "example.com:/a",
      "example.com:80a/a",
      "example.com:-1/a",
      "example.com:80:80/a",
      "-example.com/a",
      "example-.com/a",
      "example..com/a",
      ".example.com/a",
      "example.com./a",
      "exa_mple.com/a",
      "a__b.c/d",
      "example.com/",
      "example.com//a",
      "localhost/",
      "localhost:5000/",
      "[]/a",
      "[::1/a",
      "[::1]a/a",
      "[::1]:/a",
      "[::1]:x/a",
      "[1.2.3.4]/a",
      "[::1.2.3.4]/a",
      "[::ffff:1.2.3.4]/a",
      "[fe80::1%eth0]/a",
      "[1:2]/a",
      "[::1]",
      "::1/a",
      "app@",
      "app@sha256",
      "app@sha256:",
      "app@:" + Hex(64),
      "app@sha256:" + Hex(63),
      "app@sha256:" + Hex(65),
      "app@sha256:" + std::string(64, 'A'),
      "app@sha256:" + std::string(64, 'g'),
      "app@SHA256:" + Hex(64),
      "app@sha384:" + Hex(64),
      "app@sha384:" + Hex(95),
      "app@sha512:" + Hex(127),
      "app@sha512:" + Hex(96),
      "app@md5:" + Hex(32),
      "app@md5:" + Hex(64),
      "app@sha1:" + Hex(40),
      "app@sha256+b64:" + Hex(64),
      "app@sha256:" + Hex(64) + "@sha256:" + Hex(64),
      "app@sha256:" + Hex(64) + ":tag",
      "app:@sha256:" + Hex(64),
      Hex(64),
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      // 256 after normalisation.
      Hex(248),
      "docker.io/" + Hex(248),
      "index.docker.io/" + Hex(248),
      "quay.io/" + Hex(256),
      "a/" + Hex(254),
      "localhost/" + Hex(256),
  };
  for (const std::string& text : texts) EXPECT_NE(CheckImage(text), "") << text;
}

TEST(Image, SaysWhatIsNeeded) {
  EXPECT_EQ(CheckImage("team/App"), "needs a repository name in lower case");
  EXPECT_EQ(CheckImage(" a"), "needs to stand without white space around it");
  EXPECT_EQ(CheckImage("app:"), "needs a tag after its last `:`");
  EXPECT_EQ(CheckImage("app@md5:" + Hex(32)),
            "needs a digest such as `@sha256:` and 64 lower-case hexadecimal digits after its `@`");
  EXPECT_EQ(CheckImage(Hex(64)), "needs a repository name; 64 hexadecimal digits alone are an image id");
}

TEST(Image, LongTextsTakeOnePass) {
  EXPECT_NE(CheckImage(std::string(200'000, 'a')), "");
  EXPECT_NE(CheckImage(std::string(200'000, '-')), "");
  EXPECT_NE(CheckImage(std::string(200'000, '/')), "");
  EXPECT_NE(CheckImage(std::string(200'000, ':')), "");
  EXPECT_NE(CheckImage(std::string(200'000, '.') + "/a"), "");
}

}  // namespace
}  // namespace berth
