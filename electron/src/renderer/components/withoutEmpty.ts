/** What stands in an address: without what is empty, which has no place there. */
export const withoutEmpty = <Search extends object>(
  search: Search,
): { [Name in keyof Search]?: NonNullable<Search[Name]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value)) as {
    [Name in keyof Search]?: NonNullable<Search[Name]>;
  };
